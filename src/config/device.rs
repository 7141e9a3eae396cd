//! A device's table to a [`Profile`].

use std::path::Path;
use std::time::Duration;

use toml::de::DeValue;

use super::table::{Table, integer};
use super::{choice, endpoint, identity, keys, registration, sub_devices, tapes, units, values};
use crate::cloud::defaults;
use crate::profile::{Cloud, Identity, Profile, SecretSource, Transport};

/// About what MQTT's length field can say: 268,435,455 bytes (section 2.2.3).
const LARGEST_PACKET: usize = 256 << 20;
/// Below this not even a refusal with its topic fits.
const SMALLEST_PACKET: usize = 1024;

/// Checks a device; every fault goes to the table's report, and then there may be no profile.
pub(super) fn profile(device: &Table<'_>, folder: &Path) -> Option<Profile> {
    let name = name(device);
    let cloud = cloud(device);
    keys::check(device, cloud);
    let cloud = cloud?;
    // Each of these tells its own faults: none may be skipped because an earlier one found some, so `?` comes last.
    let identity = identity::identity(device, cloud, name.as_deref().unwrap_or_default(), folder);
    let registration = registration::registration(device, cloud, folder);
    let sub_devices = sub_devices::sub_devices(device, cloud, folder);
    let endpoint = endpoint::endpoint(device, cloud);
    let tls = endpoint::tls(device, folder);
    let proxy = endpoint::proxy(device);
    let backoff = values::backoff(device, cloud);
    let subscribe = values::subscriptions(device);
    let flag = |key| device.boolean(key).map(|flag| flag.value);
    let (autoconnect, clean_session, strict) = (flag("autoconnect"), flag("clean_session"), flag("strict"));
    let (record, redact) = (flag("record"), tapes::redact(device));
    let keep_alive = keep_alive(device, cloud);
    let connect_timeout = connect_timeout(device);
    let max_packet = units::size(device, "max_packet", SMALLEST_PACKET, LARGEST_PACKET);
    let on_takeover = device.choice("on_takeover", &choice::TAKEOVERS);
    let usual = defaults::profile(name?, identity?, endpoint?);
    let profile = Profile {
        registration: registration?,
        tls,
        proxy,
        autoconnect: autoconnect.unwrap_or(usual.autoconnect),
        keep_alive: keep_alive.unwrap_or(usual.keep_alive),
        clean_session: clean_session.unwrap_or(usual.clean_session),
        connect_timeout: connect_timeout.unwrap_or(usual.connect_timeout),
        max_packet: max_packet.map_or(usual.max_packet, |size| size.value),
        strict: strict.unwrap_or(usual.strict),
        subscribe,
        backoff: backoff?,
        on_takeover: on_takeover.map_or(usual.on_takeover, |way| way.value),
        record: record.unwrap_or(usual.record),
        redact,
        sub_devices,
        ..usual
    };
    warn(device, &profile);
    Some(profile)
}

fn name(device: &Table<'_>) -> Option<String> {
    if device.raw("name").is_none() {
        device.missing("name", "how you call it, such as \"smoke-01\"");
    }
    let name = device.word("name")?;
    if name.value.starts_with('-') || name.value.trim() != name.value {
        device.fault_at(name.at, "name", "a name that does not start with - and has no blanks around it");
        return None;
    }
    Some(name.value)
}

fn cloud(device: &Table<'_>) -> Option<Cloud> {
    if device.raw("cloud").is_none() {
        device.missing("cloud", "one of \"huawei\", \"aliyun\", \"ucloud\", \"mqtt\" (a plain broker)");
    }
    device.choice("cloud", &choice::CLOUDS).map(|cloud| cloud.value)
}

fn keep_alive(device: &Table<'_>, cloud: Cloud) -> Option<u16> {
    let lowest = i64::from(cloud != Cloud::Mqtt);
    let seconds = device.integer("keep_alive", lowest, i64::from(u16::MAX))?;
    // Within its bounds, or there is no number.
    u16::try_from(seconds.value).ok()
}

fn connect_timeout(device: &Table<'_>) -> Option<Duration> {
    const LONGEST: f64 = 3600.0;
    let value = device.raw("connect_timeout")?;
    let seconds = match value.get_ref() {
        DeValue::Float(number) => number.as_str().parse().ok(),
        other => integer(other).and_then(|seconds| u32::try_from(seconds).ok()).map(f64::from),
    };
    let time =
        seconds.filter(|seconds| *seconds <= LONGEST).and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    if time.is_none_or(|time| time < Duration::from_millis(1)) {
        device.fault_at(value.span(), "connect_timeout", "a number of seconds above 0, at most 3600");
        return None;
    }
    time
}

/// What can be taken, but will probably not work or should not be done.
fn warn(device: &Table<'_>, profile: &Profile) {
    let cloud = profile.identity.cloud();
    let range = defaults::keep_alive_range(cloud);
    if !range.contains(&profile.keep_alive) {
        let (seconds, low, high) = (profile.keep_alive, range.start(), range.end());
        let cloud = cloud.word();
        device.report.warn(format!(
            "{}: keep_alive is {seconds} s; {cloud} takes {low} to {high} s and refuses others",
            device.what
        ));
    }
    let transport = profile.endpoint.transport;
    if !transport.is_tls() {
        warn_plain(device, profile, transport);
    }
}

fn warn_plain(device: &Table<'_>, profile: &Profile, transport: Transport) {
    let scheme = transport.scheme();
    if let Some(key) = ["ca_file", "cert_file"].iter().find(|key| device.raw(key).is_some()) {
        device.report.warn(format!("{}: `{key}` has no use with transport = \"{scheme}\"", device.what));
    }
    // The other clouds send a signature, which is worth little to whoever reads it.
    let sent: Option<&SecretSource> = match &profile.identity {
        Identity::Ucloud(device) => Some(&device.secret),
        Identity::Mqtt(device) => device.password.as_ref(),
        Identity::Aliyun(device) if device.is_token => Some(&device.secret),
        Identity::Huawei(_) | Identity::Aliyun(_) => None,
    };
    let near = ["localhost", "127.0.0.1", "::1"].contains(&profile.endpoint.host.as_str());
    if sent.is_some() && !near {
        let key = match profile.identity.cloud() {
            Cloud::Mqtt => "password",
            Cloud::Aliyun => "token",
            Cloud::Ucloud | Cloud::Huawei => "secret",
        };
        let what = device.what;
        device
            .report
            .warn(format!("{what}: the {key} itself goes over the wire, and {scheme} lets anybody on the way read it"));
    }
}
