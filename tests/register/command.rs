//! `standin register`: what it shows, where it writes, and how it ends.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use standin::sim::{ALIYUN_PRODUCT_SECRET, Happening, Options, Platform, UCLOUD_PRODUCT_SECRET};
use tempfile::{TempDir, tempdir};

use super::support::{run, said, standin, write_config};
use super::{aliyun, bootstrap, huawei, ucloud};

/// A platform, a folder, and the config in it.
struct Bench {
    platform: Platform,
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        Self { platform: Platform::start(Options::default()).unwrap(), folder: tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the program against the platform, which answers meanwhile.
    async fn run(&self, config: &str, args: &[&str]) -> Output {
        let path = write_config(self.folder.path(), config);
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let run = tokio::task::spawn_blocking(move || run(&path, &args.iter().map(String::as_str).collect::<Vec<_>>()));
        run.await.unwrap()
    }

    fn lamp(&self, keys: &str) -> String {
        aliyun(&self.platform, "lamp", "lamp-01", &format!("product_secret = '{ALIYUN_PRODUCT_SECRET}'\n{keys}"))
    }
}

fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_place_for_the_secret_nothing_is_sent() {
    let bench = Bench::new();
    let mut notices = bench.platform.watch();
    let output = bench.run(&bench.lamp(""), &["register", "lamp"]).await;
    assert_eq!(output.status.code(), Some(2));
    let said = said(&output);
    for words in ["register only once", "--out FILE", "--reveal"] {
        assert!(said.contains(words), "{said}");
    }
    assert!(notices.try_recv().is_err(), "the platform heard of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_goes_into_a_private_file_and_is_masked_on_the_screen() {
    let bench = Bench::new();
    let file = bench.path("lamp.secret");
    let out = file.to_str().unwrap();
    let mut notices = bench.platform.watch();
    let output = bench.run(&bench.lamp(""), &["register", "lamp", "--out", out]).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(notices.try_recv().unwrap().what, Happening::Registered);
    let secret = fs::read_to_string(&file).unwrap();
    assert_eq!((mode(&file), secret.len()), (0o600, 32), "{secret}");
    let text = printed(&output);
    assert!(text.contains("••••") && text.contains(out) && text.contains("secret = { file = "), "{text}");
    assert!(!text.contains(&secret) && !said(&output).contains(&secret), "{text}");
    // What it tells to do works; and it is activated then.
    let config = bench.lamp(&format!("secret = {{ file = '{out}' }}"));
    let output = bench.run(&config, &["pub", "lamp", "/a1AbCdEfGh1/lamp-01/user/update", "{}"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let output = bench.run(&config, &["register", "lamp", "--out", out]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("already a file"), "{}", said(&output));
    assert_eq!(fs::read_to_string(&file).unwrap(), secret);
    let other = bench.path("other.secret");
    let output = bench.run(&config, &["register", "lamp", "--out", other.to_str().unwrap()]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("6289"), "{}", said(&output));
    assert!(!other.exists(), "nothing was kept in it");
}

#[tokio::test(flavor = "multi_thread")]
async fn reveal_shows_the_secret() {
    let bench = Bench::new();
    let config = ucloud(&bench.platform, "meter", &format!("product_secret = '{UCLOUD_PRODUCT_SECRET}'"));
    let output = bench.run(&config, &["register", "meter", "--reveal"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let text = printed(&output);
    let row = text.lines().find(|line| line.starts_with("secret")).unwrap();
    let secret = row.trim_start_matches("secret").trim();
    assert!(secret.len() == 16 && secret.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{text}");
    let registered = ucloud(&bench.platform, "meter", &format!("secret = '{secret}'"));
    let output = bench.run(&registered, &["pub", "meter", "/ledubff3z85spjmu/112233445566/up", "{}"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_nobody_could_read_is_no_success() {
    let bench = Bench::new();
    let path = write_config(bench.folder.path(), &bench.lamp(""));
    let file = bench.path("lamp.secret");
    for (place, status) in [(vec!["--reveal"], 1), (vec!["--reveal", "--out", file.to_str().unwrap()], 0)] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = standin();
        command.arg("--config").arg(&path).args(["register", "lamp"]).args(place).stdout(writer);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        assert_eq!(output.status.code(), Some(status), "{}", said(&output));
        assert_eq!(said(&output).contains("is registered, but what it obtained could not be shown"), status == 1);
    }
    assert_eq!(fs::read_to_string(&file).unwrap().len(), 32, "in its file it is safe");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_kept_in_the_form_that_the_config_takes() {
    let bench = Bench::new();
    let keys = format!("product_secret = '{ALIYUN_PRODUCT_SECRET}'");
    let file = bench.path("made.token");
    let out = file.to_str().unwrap();
    let config = aliyun(&bench.platform, "made", "made-1", &keys);
    let output = bench.run(&config, &["register", "made", "--method", "mqtt-unregistered", "--out", out]).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let token: serde_json::Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(mode(&file), 0o600);
    let text = printed(&output);
    assert!(text.contains(token["clientId"].as_str().unwrap()) && text.contains("token = { file = "), "{text}");
    assert!(!text.contains(token["deviceToken"].as_str().unwrap()), "{text}");
    let config = aliyun(&bench.platform, "made", "made-1", &format!("token = {{ file = '{out}' }}"));
    let output = bench.run(&config, &["pub", "made", "/a1AbCdEfGh1/made-1/user/update", "{}"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let output = bench.run(&config, &["sign", "made"]).await;
    assert!(printed(&output).contains("|securemode=-1,authType=connwl|"), "{}", printed(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_only_shown_signs_in_too() {
    let bench = Bench::new();
    let config = aliyun(&bench.platform, "made", "made-2", &format!("product_secret = '{ALIYUN_PRODUCT_SECRET}'"));
    let output = bench.run(&config, &["register", "made", "--method", "mqtt-unregistered", "--reveal"]).await;
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let row = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
    assert!(row("next").contains("`client_id` and `token`"), "{text}");
    let keys = format!("client_id = '{}'\ntoken = '{}'", row("client_id"), row("token"));
    let config = aliyun(&bench.platform, "made", "made-2", &keys);
    let output = bench.run(&config, &["pub", "made", "/a1AbCdEfGh1/made-2/user/update", "{}"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn huawei_is_told_with_its_address() {
    let bench = Bench::new();
    let group = ", scope_id = 'ff5bbx7a488f', group_secret = { env = 'STANDIN_GROUP' }";
    let config = huawei("new", "prod_new-1", &bootstrap(&bench.platform, group));
    let output = bench.run(&config, &["register", "new", "--reveal"]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("STANDIN_GROUP"), "{}", said(&output));
    let own = format!("secret = '12345678'\n{}", bootstrap(&bench.platform, ""));
    let (file, config) = (bench.path("none"), huawei("smoke", "65f0c0de_dev01", &own));
    let output = bench.run(&config, &["register", "smoke", "--out", file.to_str().unwrap()]).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let text = printed(&output);
    let address = bench.platform.wss_url().trim_start_matches("wss://").to_owned();
    assert!(text.contains(&format!("address      {address}")) && text.contains("no secret came"), "{text}");
    assert!(!file.exists(), "there was nothing to keep");
    let output = bench.run(&config, &["sign", "smoke"]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("standin register smoke"), "{}", said(&output));
}

/// The place is taken before anything is sent, and given back when nothing comes of it.
#[test]
fn a_signal_ends_it_and_leaves_no_file() {
    let folder = tempdir().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let config = write_config(
        folder.path(),
        &format!(
            "[[device]]\nname = 'u'\ncloud = 'ucloud'\nhost = '127.0.0.1'\nport = {port}\ntransport = 'mqtt'\n\
             connect_timeout = 60\nproduct_sn = '70ly1tvowt696r15'\ndevice_sn = '112233445566'\nproduct_secret = 'x'\n"
        ),
    );
    let file = folder.path().join("u.secret");
    let mut child = standin()
        .arg("--config")
        .arg(&config)
        .args(["register", "u", "--out"])
        .arg(&file)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // It waits for CONNACK now, which never comes.
    let held = listener.accept().unwrap();
    assert_eq!(mode(&file), 0o600);
    assert!(fs::read(&file).unwrap().iter().all(|byte| *byte == 0), "room for a secret, and none in it");
    let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert!(!file.exists());
    drop(held);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_end_has_its_status() {
    let bench = Bench::new();
    let wrong = aliyun(&bench.platform, "lamp", "lamp-01", "product_secret = 'hunter2'");
    let plain = "[[device]]\nname = 'lamp'\ncloud = 'mqtt'\nhost = 'h'\n".to_owned();
    let group = ", scope_id = 'ff5bbx7a488f', group_secret = { command = ['echo', 'hunter2!'] }";
    let group = huawei("lamp", "p_n", &bootstrap(&bench.platform, group));
    let nowhere = bench
        .lamp("")
        .replace(&format!("register_host = '{}'", super::door(&bench.platform)), "register_host = '127.0.0.1:1'");
    let by_ws = bench.lamp("").replace("port =", "transport = 'ws'\nport =");
    for (config, args, status, words) in [
        (&wrong, &["register", "lamp", "--reveal"][..], 1, "code 6287"),
        (&wrong, &["register", "lamp", "--reveal", "--method", "mqtt"], 3, "CONNACK 4"),
        (&nowhere, &["register", "lamp", "--reveal"], 3, "refused the connection"),
        (&plain, &["register", "lamp", "--reveal"], 2, "nothing to register with"),
        (&plain, &["register", "lump", "--reveal"], 2, "did you mean `lamp`?"),
        (&group, &["register", "lamp", "--reveal"], 2, "no base64"),
        (&group, &["register", "lamp", "--reveal", "--method", "https"], 2, "no registration by https"),
        (&by_ws, &["register", "lamp", "--reveal", "--method", "mqtt"], 2, "over TLS only"),
        (&wrong, &["register", "lamp", "--method", "http"], 2, "mqtt-unregistered"),
        (&wrong, &["register", "lamp", "--out", "/nonexistent/secret"], 2, "nothing was sent"),
        (&wrong, &["pub", "lamp", "a", "b"], 3, "standin register lamp"),
        (&wrong, &["sign", "lamp"], 2, "standin register lamp"),
    ] {
        let output = bench.run(config, args).await;
        let said = said(&output);
        assert_eq!(output.status.code(), Some(status), "{args:?}: {said}");
        assert!(said.contains(words), "{args:?}: {said}");
        assert!(!said.contains("hunter2") && !printed(&output).contains("hunter2"), "{said}");
    }
}
