//! The real program: what it prints, where, and how it exits.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use standin::config::write::create_private;

/// A program with a config folder of its own and nothing of the user's.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn with(config: &str) -> Self {
        let bench = Self::new();
        create_private(&bench.config(), config).unwrap();
        bench
    }

    /// Where the program looks for its config without being told.
    fn config(&self) -> PathBuf {
        self.folder.path().join("xdg/standin/config.toml")
    }

    fn command(&self, args: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_standin"));
        command
            .args(args.split_whitespace())
            .current_dir(self.folder.path())
            .env_remove("STANDIN_CONFIG")
            .env("HOME", self.folder.path())
            .env("XDG_CONFIG_HOME", self.folder.path().join("xdg"))
            .stdin(Stdio::null());
        command
    }

    fn run(&self, args: &str) -> Output {
        self.command(args).output().unwrap()
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn status(output: &Output) -> i32 {
    output.status.code().unwrap()
}

const HUAWEI: &str = "[[device]]\nname = \"smoke-01\"\ncloud = \"huawei\"\nhost = \"h.example\"\n\
                      device_id = \"65f0c0de_dev01\"\nsecret = \"12345678\"\n";

#[test]
fn sign_gives_the_documents_vectors() {
    let aliyun = "[[device]]\nname = \"d\"\ncloud = \"aliyun\"\nproduct_key = \"pk\"\ndevice_name = \"device\"\n\
                  region = \"cn-shanghai\"\nsecret = \"secret\"\nclient_id = \"12345\"\n";
    let ucloud = "[[device]]\nname = \"d\"\ncloud = \"ucloud\"\nhost = \"u.example\"\nproduct_sn = \"ledubff3z85spjmu\"\n\
                  device_sn = \"h9onxtzw0aep7fsr\"\nsecret = \"6g7tjlekwf3sqqqj\"\n";
    let huawei = HUAWEI.replace("smoke-01", "d");
    for (config, expected) in [
        (
            huawei.clone(),
            [
                "wss://h.example:443/mqtt",
                "65f0c0de_dev01_0_0_2025041401",
                "65f0c0de_dev01",
                "c75150e6cb841417396819e4d2ee4358a416344a03a083e3a8567074ddec820a",
            ],
        ),
        (
            format!("{huawei}sign_type = 2\ntransport = \"mqtts\"\n"),
            [
                "mqtts://h.example:8883",
                "65f0c0de_dev01_0_2_2025041401",
                "65f0c0de_dev01",
                "a110c9e1536980a2ca572e7d5b82542a20a04e144937385f224d587fa1d0e862",
            ],
        ),
        (
            format!("{aliyun}sign_method = \"hmacsha1\"\ntimestamp = \"789\"\n"),
            [
                "wss://pk.iot-as-mqtt.cn-shanghai.aliyuncs.com:443/",
                "12345|securemode=2,signmethod=hmacsha1,timestamp=789|",
                "device&pk",
                "fafd82a3d602b37fb0fa8b7892f24a477f851a14",
            ],
        ),
        (
            ucloud.to_owned(),
            [
                "wss://u.example:443/",
                "ledubff3z85spjmu.h9onxtzw0aep7fsr",
                "ledubff3z85spjmu|h9onxtzw0aep7fsr|1",
                "6g7tjlekwf3sqqqj",
            ],
        ),
    ] {
        let bench = Bench::with(&config);
        let output = bench.run("sign d --at 2025-04-14T01:00:00Z --json --reveal");
        assert_eq!(status(&output), 0, "{}", err(&output));
        let line = out(&output);
        assert_eq!(line.lines().count(), 1, "{line}");
        let told: serde_json::Value = serde_json::from_str(&line).unwrap();
        for (key, value) in ["url", "client_id", "username", "password"].into_iter().zip(expected) {
            assert_eq!(told[key], value, "{line}");
        }
    }
}

#[test]
fn sign_masks_the_password_unless_told_to_reveal_it() {
    let bench = Bench::with(HUAWEI);
    for args in ["sign smoke-01", "sign smoke-01 --json"] {
        let output = bench.run(&format!("{args} --at 2025-04-14T09:00:00+08:00"));
        assert_eq!(status(&output), 0);
        let text = out(&output);
        assert!(text.contains("••••") && text.contains("65f0c0de_dev01_0_0_2025041401"), "{text}");
        assert!(!text.contains("c75150e6") && !text.contains("12345678"), "{text}");
    }
    let revealed = out(&bench.run("sign smoke-01 --reveal --at 2025-04-14T01:59:59Z"));
    assert!(revealed.contains("password   c75150e6"), "{revealed}");
}

#[test]
fn sign_gives_the_header_of_a_request_by_http_for_ucloud_only() {
    let ucloud = "[[device]]\nname = \"u\"\ncloud = \"ucloud\"\nhost = \"u.example\"\nproduct_sn = \"ledubff3z85spjmu\"\n\
                  device_sn = \"h9onxtzw0aep7fsr\"\nsecret = \"6g7tjlekwf3sqqqj\"\n";
    let bench = Bench::with(&format!("{ucloud}{HUAWEI}"));
    let body = r#"{"ProductSN":"ledubff3z85spjmu","DeviceSN":"h9onxtzw0aep7fsr"}"#;
    let value = "84e2fcbebc9600551a981e403c42e4d02c707b8d166ad3b0c2fa71772ac8f3ac";
    let path = bench.folder.path().join("body.json");
    fs::write(&path, body).unwrap();
    assert_eq!(out(&bench.run("sign u --body body.json")), format!("Authorization: {value}\n"));
    let told: serde_json::Value = serde_json::from_str(&out(&bench.run("sign u --body body.json --json"))).unwrap();
    assert_eq!(told, serde_json::json!({ "authorization": value }));
    let piped = bench.command("sign u --body -").stdin(fs::File::open(&path).unwrap()).output().unwrap();
    assert_eq!(out(&piped), format!("Authorization: {value}\n"));
    for (args, said) in [
        ("sign smoke-01 --body body.json", "Huawei IoTDA, which has no Authorization over a body"),
        ("sign u --body absent.json", "could not read absent.json"),
        ("sign u --body body.json --reveal", "cannot be used with"),
    ] {
        let output = bench.run(args);
        assert_eq!((status(&output), out(&output).as_str()), (2, ""), "{args}");
        assert!(err(&output).contains(said), "{args}: {}", err(&output));
    }
}

#[test]
fn sign_takes_now_where_no_time_is_given() {
    let before = jiff::Timestamp::now().strftime("%Y%m%d%H").to_string();
    let text = out(&Bench::with(HUAWEI).run("sign smoke-01"));
    let after = jiff::Timestamp::now().strftime("%Y%m%d%H").to_string();
    assert!(text.contains(&format!("_0_0_{before}")) || text.contains(&format!("_0_0_{after}")), "{text}");
}

#[test]
fn a_secret_comes_from_where_the_config_says() {
    let config = |source: &str| HUAWEI.replace("\"12345678\"", source);
    let shell = "{ command = [\"sh\", \"-c\", \"echo 12345678\"] }";
    for source in ["{ env = \"SMOKE\" }", "{ file = \"secret\" }", shell] {
        let bench = Bench::with(&config(source));
        create_private(&bench.config().with_file_name("secret"), "12345678\n").unwrap();
        let args = "sign smoke-01 --at 2025-04-14T01:00:00Z --reveal";
        let output = bench.command(args).env("SMOKE", "12345678").output().unwrap();
        assert!(out(&output).contains("c75150e6"), "{source}: {}", err(&output));
    }
    let output = Bench::with(&config("{ env = \"STANDIN_NOT_SET\" }")).run("sign smoke-01");
    assert_eq!(status(&output), 2);
    assert!(err(&output).contains("device `smoke-01`") && err(&output).contains("STANDIN_NOT_SET"), "{}", err(&output));
}

#[test]
fn the_config_is_found_by_flag_then_environment_then_home() {
    let bench = Bench::with(HUAWEI);
    let named = |name: &str| HUAWEI.replace("smoke-01", name);
    create_private(&bench.folder.path().join("flag.toml"), &named("flag")).unwrap();
    create_private(&bench.folder.path().join("env.toml"), &named("env")).unwrap();
    for (args, environment, expected) in [
        ("sign smoke-01", None, 0),
        ("sign smoke-01", Some(""), 0),
        ("sign env", Some("env.toml"), 0),
        ("sign smoke-01", Some("env.toml"), 2),
        ("sign flag --config flag.toml", Some("env.toml"), 0),
        ("--config flag.toml sign flag", None, 0),
        ("sign --config flag.toml flag", None, 0),
    ] {
        let mut command = bench.command(args);
        if let Some(path) = environment {
            command.env("STANDIN_CONFIG", path);
        }
        let output = command.output().unwrap();
        assert_eq!(status(&output), expected, "{args} {environment:?}: {}", err(&output));
    }
}

#[test]
fn without_a_config_one_line_says_what_to_do() {
    let bench = Bench::new();
    let output = bench.run("sign smoke-01");
    assert_eq!(status(&output), 2);
    let text = err(&output);
    assert_eq!(text.lines().count(), 1, "{text}");
    for part in [bench.config().to_str().unwrap(), "standin init", "standin demo"] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(out(&output), "");
}

#[test]
fn a_config_that_others_can_read_is_refused_with_the_remedy() {
    let bench = Bench::with(HUAWEI);
    fs::set_permissions(bench.config(), fs::Permissions::from_mode(0o644)).unwrap();
    let output = bench.run("sign smoke-01");
    assert_eq!(status(&output), 2);
    let text = err(&output);
    assert!(text.contains(&format!("chmod 600 {}", bench.config().display())), "{text}");
    assert!(!text.contains("12345678"), "{text}");
}

#[test]
fn faults_and_warnings_of_the_config_reach_standard_error() {
    let bench = Bench::with(&HUAWEI.replace("device_id", "devise_id"));
    let output = bench.run("sign smoke-01");
    assert_eq!(status(&output), 2);
    let text = err(&output);
    let place = format!("{}:5:1:", bench.config().display());
    for part in [place.as_str(), "did you mean `device_id`?", "5 | devise_id = \"65f0c0de_dev01\"", "    | ^^^^^^^^^"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let warned = Bench::with(&format!("{HUAWEI}keep_alive = 20\n")).run("sign smoke-01");
    assert_eq!(status(&warned), 0);
    assert!(err(&warned).contains("warning: device `smoke-01`: keep_alive is 20 s"), "{}", err(&warned));
}

#[test]
fn nothing_in_a_config_reaches_the_terminal_raw() {
    let hostile = "[[device]]\nname = \"a\u{202E}b\"\ncloud = \"\u{9b}31m\"\n\u{1b}]52;c;x\u{7} = 1\n";
    let output = Bench::with(hostile).run("sign x");
    assert_eq!(status(&output), 2);
    let text = err(&output);
    assert!(!text.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202E}']), "{text:?}");
}

#[test]
fn init_writes_a_private_config_that_works_and_never_writes_over_one() {
    let bench = Bench::new();
    let first = bench.run("init");
    assert_eq!(status(&first), 0, "{}", err(&first));
    assert!(out(&first).contains(bench.config().to_str().unwrap()), "{}", out(&first));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&bench.config()), 0o600);
    assert_eq!(mode(bench.config().parent().unwrap()), 0o700);
    assert_eq!(status(&bench.run("sign smoke-01")), 0);
    fs::write(bench.config(), "mine").unwrap();
    let second = bench.run("init");
    assert_eq!(status(&second), 2);
    assert!(err(&second).contains("left as it is"), "{}", err(&second));
    assert_eq!(fs::read_to_string(bench.config()).unwrap(), "mine");
    let elsewhere = bench.run("init --config new/c.toml");
    assert_eq!(status(&elsewhere), 0, "{}", err(&elsewhere));
    assert!(bench.folder.path().join("new/c.toml").exists());
}

#[test]
fn wrong_usage_exits_with_2_and_help_with_0() {
    let bench = Bench::with(HUAWEI);
    for args in ["frobnicate", "sign", "sign smoke-01 --at yesterday", "sub", "pub a", "sign smoke-01 --secret x"] {
        let output = bench.run(args);
        assert_eq!(status(&output), 2, "{args}");
        assert!(err(&output).starts_with("standin: ") && out(&output).is_empty(), "{}", err(&output));
    }
    for args in ["--help", "--version", "help sign", "tape export --help", "test --help"] {
        let output = bench.run(args);
        assert_eq!(status(&output), 0, "{args}");
        assert!(!out(&output).is_empty() && err(&output).is_empty(), "{args}");
        assert!(!out(&output).contains('`'), "marks of the sources: {}", out(&output));
    }
    let unknown = bench.run("sign smoke-02");
    assert_eq!(status(&unknown), 2);
    assert!(err(&unknown).contains("did you mean `smoke-01`?"), "{}", err(&unknown));
}

#[test]
fn a_closed_pipe_is_no_error() {
    let bench = Bench::with(HUAWEI);
    for args in ["sign smoke-01", "--help", "init --config other.toml"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = bench.command(args).stdout(writer).output().unwrap();
        assert_eq!(status(&output), 0, "{args}: {}", err(&output));
        assert_eq!(err(&output), "", "{args}");
    }
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = bench.command("sign nobody").stderr(writer).output().unwrap();
    assert_eq!(status(&output), 2, "an error that nobody reads keeps its status");
}
