//! Who is let in: the rules of each cloud for CONNECT.
//!
//! Pure: the devices, the packet, the door it came through and the time are arguments. Where the documents are silent on
//! the return code, the choice is named at the place.

use crate::cloud::registration::Token;
use crate::cloud::{self, Credentials, Platform as _};
use crate::event::WallTime;
use crate::mqtt::packet::{Connect, ConnectReturn};
use crate::profile::{AliyunIdentity, AliyunTimestamp, Cloud, HuaweiIdentity, Identity, SignType, Transport};
use crate::secret::Secret;

use super::roster::{Device, Roster};

/// The door a connection came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Door {
    /// Whose rules hold there.
    pub(crate) cloud: Cloud,
    /// Whether TLS carries it.
    pub(crate) tls: bool,
}

/// Who signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Guest {
    /// A device of the roster, by its number.
    Device(usize),
    /// A client of the plain broker, by its client id; empty: the broker chooses one.
    Plain(String),
}

/// Why somebody was not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Denial {
    /// The return code of CONNACK.
    pub(crate) code: ConnectReturn,
    /// The reason, in words for a person at the platform; a device never learns it.
    pub(crate) why: String,
}

/// Checks a CONNECT at time `now`.
pub(crate) fn check(roster: &Roster, door: Door, connect: &Connect, now: WallTime) -> Result<Guest, Denial> {
    match door.cloud {
        Cloud::Mqtt => plain(connect),
        Cloud::Huawei => huawei(roster, connect, now),
        Cloud::Aliyun => aliyun(roster, door, connect),
        Cloud::Ucloud => ucloud(roster, connect),
    }
}

/// No login; an empty client id needs CleanSession 1 (MQTT-3.1.3-8).
fn plain(connect: &Connect) -> Result<Guest, Denial> {
    if connect.client_id.is_empty() && !connect.clean_session {
        return deny(ConnectReturn::IdentifierRejected, "an empty client id needs a clean session");
    }
    Ok(Guest::Plain(connect.client_id.clone()))
}

/// An unknown device earns the code of a wrong signature (Huawei's page on CONNACK).
fn huawei(roster: &Roster, connect: &Connect, now: WallTime) -> Result<Guest, Denial> {
    let Some(login) = cloud::huawei::parse_client_id(&connect.client_id) else {
        return malformed("the client id is not {device id}_0_{sign type: 0, 1 or 2}_{YYYYMMDDHH}");
    };
    let cloud::huawei::Login { device_id, sign_type, hour } = login;
    let Some(at) = known_hour(hour) else {
        return malformed("the client id names an hour that does not exist");
    };
    if connect.client_id.len() > 256 {
        return malformed("the client id has more than 256 bytes");
    }
    let known = roster.find(|identity| matches!(identity, Identity::Huawei(device) if device.device_id == device_id));
    let Some((index, device)) = known else {
        return deny(ConnectReturn::BadUserNameOrPassword, "no such device here");
    };
    keep_alive(device, connect)?;
    if sign_type == SignType::Sha256Timed && hour != now.utc_hour() {
        let why = format!("sign type 1, and the client's UTC hour is {hour}, the platform's {}", now.utc_hour());
        return deny(ConnectReturn::BadUserNameOrPassword, why);
    }
    let claimed = HuaweiIdentity { device_id: device_id.to_owned(), secret: None, sign_type };
    let right = cloud::huawei::Device::new(&claimed).credentials(device.secret(), at);
    same(device, connect, &right, str::eq)?;
    Ok(Guest::Device(index))
}

/// An unknown device earns 5, a wrong signature 4 (Aliyun's page on CONNACK). A secure mode that does not fit the
/// transport is refused there without a documented code: 5 here, for the signature may be right.
fn aliyun(roster: &Roster, door: Door, connect: &Connect) -> Result<Guest, Denial> {
    let parsed = cloud::aliyun::parse_client_id(&connect.client_id);
    let Some((login, secure_mode)) = parsed.and_then(|login| Some((login, login.secure_mode?))) else {
        return malformed("the client id is not {id}|key=value,…| with a known sign method and secure mode");
    };
    if login.client_id.chars().count() > 64 {
        return malformed("the client id has more than 64 characters before the bar");
    }
    let Some((device_name, product_key)) = connect.username.as_deref().and_then(|user| user.split_once('&')) else {
        return deny(ConnectReturn::BadUserNameOrPassword, "the user name is not {device name}&{product key}");
    };
    let known = roster.find(|identity| {
        matches!(identity, Identity::Aliyun(device)
            if device.product_key == product_key && device.device_name == device_name)
    });
    let Some((index, device)) = known else {
        return deny(ConnectReturn::NotAuthorized, "no such device here");
    };
    keep_alive(device, connect)?;
    if login.auth_type == Some("connwl") {
        return token(index, device, door, &login, connect);
    }
    let fitting = if door.tls { 2 } else { 3 };
    if secure_mode != fitting {
        let why = format!("secure mode {secure_mode} on a transport that asks for {fitting}");
        return deny(ConnectReturn::NotAuthorized, why);
    }
    let Identity::Aliyun(registered) = &device.identity else {
        return deny(ConnectReturn::NotAuthorized, "no such device here");
    };
    if registered.is_token {
        return deny(ConnectReturn::BadUserNameOrPassword, "this device has a token and no secret");
    }
    let signed = AliyunIdentity {
        client_id: login.client_id.to_owned(),
        sign_method: login.sign_method,
        timestamp: login.timestamp.map_or(AliyunTimestamp::Absent, |text| AliyunTimestamp::Fixed(text.to_owned())),
        ..registered.clone()
    };
    let transport = if door.tls { Transport::Wss } else { Transport::Ws };
    // The clock has no part: what was sent as timestamp is what was signed, and Aliyun does not compare it.
    let right = cloud::aliyun::Device::new(&signed, transport).credentials(device.secret(), WallTime::default());
    let right = Credentials { client_id: connect.client_id.clone(), ..right };
    // The case of the digits does not matter: the vendor's own SDKs differ in it.
    same(device, connect, &right, str::eq_ignore_ascii_case)?;
    Ok(Guest::Device(index))
}

/// A login with the token that the registration of a device gave which the platform made.
fn token(
    index: usize,
    device: &Device,
    door: Door,
    login: &cloud::aliyun::Login<'_>,
    connect: &Connect,
) -> Result<Guest, Denial> {
    if !door.tls || login.secure_mode != Some(-1) {
        return deny(ConnectReturn::NotAuthorized, "a login with a token wants secure mode -1, and TLS");
    }
    let is_token = matches!(&device.identity, Identity::Aliyun(registered) if registered.is_token);
    let token = device.secret().filter(|_| is_token).and_then(|secret| Token::parse(secret.reveal()));
    let Some(token) = token else {
        return deny(ConnectReturn::NotAuthorized, "this device has a secret and no token");
    };
    let sent = connect.password.as_ref().map(Secret::reveal);
    if token.client_id != login.client_id || sent != Some(token.device_token.reveal()) {
        return deny(ConnectReturn::BadUserNameOrPassword, "the client id or the token is wrong");
    }
    Ok(Guest::Device(index))
}

/// UCloud documents no return codes: those of the others are used.
fn ucloud(roster: &Roster, connect: &Connect) -> Result<Guest, Denial> {
    let Some((product_sn, device_sn)) =
        connect.client_id.split_once('.').filter(|(product, device)| !product.is_empty() && !device.is_empty())
    else {
        return malformed("the client id is not {ProductSN}.{DeviceSN}");
    };
    let known = roster.find(|identity| {
        matches!(identity, Identity::Ucloud(device)
            if device.product_sn == product_sn && device.device_sn == device_sn)
    });
    let Some((index, device)) = known else {
        return deny(ConnectReturn::NotAuthorized, "no such device here");
    };
    keep_alive(device, connect)?;
    let Identity::Ucloud(registered) = &device.identity else {
        return deny(ConnectReturn::NotAuthorized, "no such device here");
    };
    let right = cloud::ucloud::Device::new(registered).credentials(device.secret(), WallTime::default());
    same(device, connect, &right, str::eq)?;
    Ok(Guest::Device(index))
}

/// All three clouds answer 2 to a keep-alive out of their range, 0 included.
fn keep_alive(device: &Device, connect: &Connect) -> Result<(), Denial> {
    let range = &device.limits().keep_alive;
    if range.contains(&connect.keep_alive) {
        return Ok(());
    }
    let (seconds, low, high) = (connect.keep_alive, range.start(), range.end());
    deny(ConnectReturn::IdentifierRejected, format!("a keep-alive of {seconds} s is out of {low} to {high} s"))
}

/// Compares what was sent with what is right, and names the part that is wrong but never its value.
fn same(
    device: &Device,
    connect: &Connect,
    right: &Credentials,
    equal: impl Fn(&str, &str) -> bool,
) -> Result<(), Denial> {
    if connect.client_id != right.client_id {
        return malformed("the client id does not have this cloud's form");
    }
    if connect.username != right.username {
        return deny(ConnectReturn::BadUserNameOrPassword, "the user name does not belong to this client id");
    }
    if !device.checked {
        return Ok(());
    }
    let (sent, wanted) = (connect.password.as_ref().map(Secret::reveal), right.password.as_ref().map(Secret::reveal));
    match (sent, wanted) {
        (Some(sent), Some(wanted)) if equal(sent, wanted) => Ok(()),
        (None, _) => deny(ConnectReturn::BadUserNameOrPassword, "there is no password"),
        _ => deny(ConnectReturn::BadUserNameOrPassword, "the password is wrong: secret, or what was signed"),
    }
}

/// When the hour `YYYYMMDDHH` begins; `None` where there is no such hour.
pub(super) fn known_hour(hour: &str) -> Option<WallTime> {
    let (year, month, day, hour) = (hour.get(..4)?, hour.get(4..6)?, hour.get(6..8)?, hour.get(8..)?);
    WallTime::parse_rfc3339(&format!("{year}-{month}-{day}T{hour}:00:00Z"))
}

pub(super) fn malformed<T>(why: &str) -> Result<T, Denial> {
    deny(ConnectReturn::IdentifierRejected, why)
}

pub(super) fn deny<T>(code: ConnectReturn, why: impl Into<String>) -> Result<T, Denial> {
    Err(Denial { code, why: why.into() })
}

#[cfg(test)]
mod tests;
