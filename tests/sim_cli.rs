//! `standin platform` as a user and a script see it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

mod support;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use standin::profile::Cloud;
use support::platform::Process;

#[test]
fn one_line_of_json_says_how_to_connect_and_the_config_is_ready() {
    let mut platform = Process::platform(&["--json", "--extra", "2"]);
    let line: Value = serde_json::from_str(&platform.line()).unwrap();
    for (key, scheme) in [("wss", "wss://127.0.0.1:"), ("ws", "ws://127.0.0.1:")] {
        let url = line[key].as_str().unwrap();
        assert!(url.strip_prefix(scheme).is_some_and(|port| port.parse::<u16>().is_ok()), "{url}");
    }
    let paths: Vec<_> = line["devices"].as_array().unwrap().iter().map(|device| device["path"].clone()).collect();
    assert_eq!(paths, ["/huawei/mqtt", "/aliyun", "/ucloud", "/broker/mqtt", "/huawei/mqtt", "/huawei/mqtt"]);
    let ca_file = PathBuf::from(line["ca_file"].as_str().unwrap());
    assert!(std::fs::read_to_string(&ca_file).unwrap().starts_with("-----BEGIN CERTIFICATE-----"));

    let register = &line["register"];
    assert_eq!(register["aliyun"]["register_host"], line["wss"].as_str().unwrap().trim_start_matches("wss://"));
    for (cloud, key) in
        [("aliyun", "product_secret"), ("ucloud", "product_secret"), ("huawei", "scope_id"), ("huawei", "group_secret")]
    {
        assert!(register[cloud][key].as_str().is_some_and(|text| !text.is_empty()), "{cloud} {key}: {register}");
    }

    let path = Path::new(line["config"].as_str().unwrap());
    assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    let config = standin::config::load(Some(path)).unwrap();
    assert_eq!(config.warnings, Vec::<String>::new());
    let clouds: Vec<_> = config.devices.iter().map(|device| device.identity.cloud()).collect();
    let expected = [Cloud::Huawei, Cloud::Aliyun, Cloud::Ucloud, Cloud::Mqtt, Cloud::Huawei, Cloud::Huawei];
    assert_eq!(clouds, expected);
    assert!(config.devices.iter().all(|device| device.tls.ca_file.as_ref() == Some(&ca_file)));

    assert_eq!(platform.end_by("-TERM").code(), Some(143));
    assert!(!ca_file.exists() && !path.exists(), "what it wrote goes with it");
}

#[test]
fn a_person_reads_where_to_connect_and_ctrl_c_ends_it() {
    let mut platform = Process::platform(&["--live", "--seed", "7"]);
    let mut text = String::new();
    while !text.contains("Ctrl-C") {
        let line = platform.line();
        assert!(!line.is_empty(), "it ended: {text}");
        text.push_str(&line);
    }
    for part in ["smoke-01", "/huawei/mqtt", "lamp-01", "meter-7", "broker-1", "ca.pem", "--config", "--seed 7"] {
        assert!(text.contains(part), "{part} is missing: {text}");
    }
    assert_eq!(platform.end_by("-INT").code(), Some(130));
}
