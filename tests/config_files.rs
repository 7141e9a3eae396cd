//! Every config of `tests/configs`: the good ones load and survive being written; the bad ones give the error text that
//! stands beside them (`UPDATE_EXPECT=1 cargo test --test config_files` writes those texts anew).

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

use standin::config::{self, Config, ConfigError, write};

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/configs").join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

/// Loads a text as a private file in a folder of its own; the folder's name is cut from what comes back.
fn load(text: &str) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    write::create_private(&path, text).unwrap();
    config::load(Some(&path)).map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))
}

#[test]
fn good_configs_load_and_survive_being_written() {
    for path in files("good") {
        let config =
            load(&fs::read_to_string(&path).unwrap()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let text = write::to_toml(&config.devices);
        let again = load(&text).unwrap_or_else(|error| panic!("{}: {error}\n{text}", path.display()));
        assert_eq!(again.devices, config.devices, "{}", path.display());
    }
}

#[test]
fn bad_configs_give_the_error_beside_them() {
    for path in files("bad") {
        let error = load(&fs::read_to_string(&path).unwrap()).expect_err(&path.display().to_string());
        assert!(!error.contains("hunter2"), "{}: a secret is shown: {error}", path.display());
        let expected = path.with_extension("txt");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&expected, format!("{error}\n")).unwrap();
        }
        let wanted = fs::read_to_string(&expected).unwrap_or_default();
        assert_eq!(format!("{error}\n"), wanted, "{}", path.display());
    }
}

#[test]
fn a_file_that_others_can_read_may_hold_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    let device = "[[device]]\nname = \"a\"\ncloud = \"mqtt\"\nhost = \"h\"\nusername = \"u\"\n";
    for (password, mode, refused) in [
        ("password = \"hunter2\"", 0o644, true),
        ("password = \"hunter2\"", 0o640, true),
        ("password = \"hunter2\"", 0o602, true),
        ("password = \"hunter2\"", 0o600, false),
        ("password = \"hunter2\"", 0o400, false),
        ("password = { env = \"P\" }", 0o644, false),
        ("proxy = \"http://me:hunter2@p:1\"", 0o644, true),
    ] {
        fs::write(&path, format!("{device}{password}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        match config::load(Some(&path)) {
            Err(error @ ConfigError::Exposed { .. }) => {
                assert!(refused, "{password} {mode:o}: {error}");
                assert!(error.hints().contains(&format!("chmod 600 {}", path.display())), "{:?}", error.hints());
                assert!(!error.to_string().contains("hunter2"), "{error}");
            }
            other => assert!(!refused && other.is_ok(), "{password} {mode:o}: {other:?}"),
        }
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn what_cannot_be_read_is_told_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("absent.toml");
    let error = config::load(Some(&absent)).unwrap_err().to_string();
    for part in [absent.to_str().unwrap(), "standin init", "standin demo"] {
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(matches!(config::load(Some(folder.path())), Err(ConfigError::Unreadable { .. })));
    let latin = folder.path().join("latin.toml");
    fs::write(&latin, b"bell = true\nx = \"\xe9\"\n").unwrap();
    let error = config::load(Some(&latin)).unwrap_err().to_string();
    assert!(error.contains("line 2 is not UTF-8"), "{error}");
    let large = folder.path().join("large.toml");
    fs::write(&large, vec![b'#'; 5 << 20]).unwrap();
    let error = config::load(Some(&large)).unwrap_err().to_string();
    assert!(error.contains("larger than 4 MiB"), "{error}");
}

#[test]
fn a_private_file_is_never_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/config.toml");
    write::create_private(&path, "one").unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    let again = write::create_private(&path, "two").unwrap_err();
    assert_eq!(again.kind(), std::io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read_to_string(&path).unwrap(), "one");
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(folder.path().join("target"), &link).unwrap();
    assert!(write::create_private(&link, "three").is_err());
    assert!(!folder.path().join("target").exists());
}
