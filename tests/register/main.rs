//! Registering devices: each cloud's way against the embedded platform, against servers that know only the documents, and by the
//! command.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

mod command;
mod flows;
mod scripted;
#[path = "../support/mod.rs"]
mod support;
mod wire;

use std::path::Path;

use standin::config;
use standin::profile::Profile;
use standin::sim::Platform;

/// The keys that lead a device to the embedded platform.
fn way_to(platform: &Platform, path: &str) -> String {
    let port = platform.wss_url().rsplit_once(':').unwrap().1.to_owned();
    format!(
        "host = '127.0.0.1'\nport = {port}\npath = '{path}'\nca_file = '{}'\nconnect_timeout = 15\n",
        platform.ca_file().display()
    )
}

/// `host:port` of the embedded platform's door with TLS.
fn door(platform: &Platform) -> String {
    platform.wss_url().trim_start_matches("wss://").to_owned()
}

/// An Aliyun device of the documents' product.
fn aliyun(platform: &Platform, name: &str, device_name: &str, keys: &str) -> String {
    let (way, door) = (way_to(platform, "/aliyun"), door(platform));
    let https = if keys.contains("product_secret") { format!("register_host = '{door}'\n") } else { String::new() };
    format!(
        "[[device]]\nname = '{name}'\ncloud = 'aliyun'\nproduct_key = 'a1AbCdEfGh1'\ndevice_name = '{device_name}'\n{way}{https}{keys}\n"
    )
}

/// A UCloud device of the documents' product.
fn ucloud(platform: &Platform, name: &str, keys: &str) -> String {
    let way = way_to(platform, "/ucloud");
    format!(
        "[[device]]\nname = '{name}'\ncloud = 'ucloud'\nproduct_sn = 'ledubff3z85spjmu'\ndevice_sn = '112233445566'\n{way}{keys}\n"
    )
}

/// The keys of a Huawei device that asks the embedded platform where its platform is.
fn bootstrap(platform: &Platform, keys: &str) -> String {
    let port = platform.wss_url().rsplit_once(':').unwrap().1.to_owned();
    format!(
        "ca_file = '{}'\nbootstrap = {{ host = '127.0.0.1', port = {port}, transport = 'wss', path = '/huawei/mqtt'{keys} }}\n",
        platform.ca_file().display()
    )
}

fn huawei(name: &str, device_id: &str, keys: &str) -> String {
    format!("[[device]]\nname = '{name}'\ncloud = 'huawei'\ndevice_id = '{device_id}'\nconnect_timeout = 15\n{keys}\n")
}

/// The only device of a config.
fn profile(folder: &Path, text: &str) -> Profile {
    let path = support::write_config(folder, text);
    let mut config = config::load(Some(&path)).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(config.devices.len(), 1);
    config.devices.remove(0)
}
