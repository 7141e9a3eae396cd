//! The registration of devices: who may register, and what they are given.
//!
//! Pure. Products have dynamic registration switched on. Aliyun's and UCloud's products are those that the roster has a device
//! of; Huawei has one registration group. Where the documents are silent, the choice is named at the place: a device counts as
//! activated once it has signed in, and is then registered no more.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::login::{Denial, Door, deny, known_hour, malformed};
use super::roster::{Device, Roster, limits};
use super::service::ALIYUN_PRODUCT_SECRET;
use crate::cloud::registration::Token;
use crate::cloud::ucloud::AuthMode;
use crate::cloud::{self, Platform as _, defaults};
use crate::event::WallTime;
use crate::mqtt::packet::{Connect, ConnectReturn};
use crate::profile::{
    AliyunIdentity, AliyunTimestamp, Cloud, HuaweiIdentity, Identity, SecretSource, SignMethod, SignType,
    UcloudIdentity,
};
use crate::secret::Secret;

/// `ProductSecret` of every UCloud product here: that of a vector in `docs/platforms.md` §6.6.
pub const UCLOUD_PRODUCT_SECRET: &str = "prodprodprodprod";
/// The scope id of Huawei's registration group here, and
pub const HUAWEI_SCOPE_ID: &str = "ff5bbx7a488f";
/// its secret, base64: those of a vector in `docs/platforms.md` §6.3.
pub const HUAWEI_GROUP_SECRET: &str = "Z3JvdXAtc2VjcmV0LTAwMDE=";

/// The length of Aliyun's and Huawei's secrets, and of UCloud's, in characters.
const SECRET: usize = 32;
const UCLOUD_SECRET: usize = 16;

/// What the platform remembers of registrations.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    /// Devices that have signed in, by the roster's numbers.
    activated: BTreeSet<usize>,
    /// So many secrets were given: no two are the same.
    given: u64,
    /// Where devices find their platform, `host:port`: what Huawei's bootstrapping answers.
    pub(crate) address: String,
}

/// Who registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Registrant {
    /// Aliyun; `made`: the platform makes the device and gives a token.
    Aliyun { product_key: String, device_name: String, made: bool },
    /// UCloud.
    Ucloud { product_sn: String, device_sn: String },
    /// A device of Huawei's registration group.
    Huawei { device_id: String },
}

/// Why a registration comes to nothing, as the cloud's application says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct No {
    pub(crate) code: i64,
    pub(crate) message: &'static str,
}

/// The codes that Aliyun's documents and their readers name; 6288 and 6289 are commonly quoted, not documented.
const BAD_PARAMETER: No = No { code: 460, message: "request parameter error" };
const UNKNOWN_PRODUCT: No = No { code: 5005, message: "query product info failed" };
const UNKNOWN_DEVICE: No = No { code: 6100, message: "device not found" };
const BAD_SIGN: No = No { code: 6287, message: "invalid sign" };
const ACTIVATED: No = No { code: 6289, message: "device is already activated" };
/// UCloud's code for "permission".
const UCLOUD_ACTIVATED: No = No { code: 140, message: "device is already activated" };
/// UCloud's code for a parameter that will not do.
const UCLOUD_MALFORMED: No = No { code: 230, message: "RequestID is missing" };

/// Who registers by this CONNECT; `None`: nobody, it is a login.
pub(crate) fn claim(
    desk: &Desk,
    roster: &Roster,
    door: Door,
    connect: &Connect,
    now: WallTime,
) -> Option<Result<Registrant, Denial>> {
    let claimed = match door.cloud {
        Cloud::Aliyun => aliyun(desk, roster, door, connect)?,
        Cloud::Ucloud => ucloud(roster, connect)?,
        Cloud::Huawei => huawei(desk, roster, connect, now)?,
        Cloud::Mqtt => return None,
    };
    // As for logins.
    let range = &limits(door.cloud).keep_alive;
    Some(claimed.and_then(|who| {
        if range.contains(&connect.keep_alive) {
            Ok(who)
        } else {
            malformed("the keep-alive is out of the cloud's range")
        }
    }))
}

/// Missing parameters and a line without TLS earn 2, a wrong signature 4 (AD on dynamic registration); the rest 5.
fn aliyun(desk: &Desk, roster: &Roster, door: Door, connect: &Connect) -> Option<Result<Registrant, Denial>> {
    let login = cloud::aliyun::parse_client_id(&connect.client_id)?;
    let made = match login.auth_type? {
        "register" => false,
        "regnwl" => true,
        _ => return None,
    };
    if !door.tls {
        return Some(malformed("dynamic registration goes over TLS only"));
    }
    // The documents say −2 where the platform makes the device, the vendor's Python SDK sends 2.
    if login.secure_mode != Some(2) && !(made && login.secure_mode == Some(-2)) {
        return Some(malformed("securemode does not fit a registration"));
    }
    let names = connect.username.as_deref().and_then(|user| user.split_once('&'));
    let (Some((device_name, product_key)), Some(random)) = (names, login.random) else {
        return Some(malformed("random, or a user name of the form {device name}&{product key}, is missing"));
    };
    let product_secret = Secret::new(ALIYUN_PRODUCT_SECRET);
    let right = cloud::aliyun::registration::sign(&product_secret, login.sign_method, device_name, product_key, random);
    let sent = connect.password.as_ref().map(Secret::reveal).unwrap_or_default();
    if !sent.eq_ignore_ascii_case(&right) {
        return Some(deny(ConnectReturn::BadUserNameOrPassword, "the registration's signature is wrong"));
    }
    let may = if made {
        desk.may_make(roster, product_key, device_name)
    } else {
        desk.may_register(roster, product_key, device_name)
    };
    Some(match may {
        Ok(()) => {
            let (product_key, device_name) = (product_key.to_owned(), device_name.to_owned());
            Ok(Registrant::Aliyun { product_key, device_name, made })
        }
        Err(no) => deny(ConnectReturn::NotAuthorized, no.message),
    })
}

/// UCloud documents no return codes: those of its logins are used.
fn ucloud(roster: &Roster, connect: &Connect) -> Option<Result<Registrant, Denial>> {
    let login = connect.username.as_deref().and_then(cloud::ucloud::parse_username)?;
    if login.auth_mode != AuthMode::Dynamic {
        return None;
    }
    let (product_sn, device_sn) = (login.product_sn.to_owned(), login.device_sn.to_owned());
    if connect.client_id != format!("{product_sn}.{device_sn}") {
        return Some(malformed("the client id is not {ProductSN}.{DeviceSN} of the user name"));
    }
    let known = roster.find(|identity| matches!(identity, Identity::Ucloud(device) if device.product_sn == product_sn));
    if known.is_none() {
        return Some(deny(ConnectReturn::NotAuthorized, "no such product here"));
    }
    if connect.password.as_ref().map(Secret::reveal) != Some(UCLOUD_PRODUCT_SECRET) {
        return Some(deny(ConnectReturn::BadUserNameOrPassword, "the password is not the product's secret"));
    }
    Some(Ok(Registrant::Ucloud { product_sn, device_sn }))
}

/// A registration group's device. One that is registered already asks over its usual login.
fn huawei(desk: &Desk, roster: &Roster, connect: &Connect, now: WallTime) -> Option<Result<Registrant, Denial>> {
    let claimed = cloud::huawei::registration::parse_bootstrap_client_id(&connect.client_id)?;
    let (scope, device_id) = (claimed.scope_id?, claimed.device_id);
    let wrong = |why: &str| Some(deny(ConnectReturn::BadUserNameOrPassword, why));
    if scope != HUAWEI_SCOPE_ID {
        return wrong("no such registration group here");
    }
    let Some((sign_type, hour)) = claimed.signed else {
        return wrong("this platform looks at no client certificate");
    };
    let Some(at) = known_hour(hour) else { return Some(malformed("the client id names an hour that does not exist")) };
    if sign_type == SignType::Sha256Timed && hour != now.utc_hour() {
        return wrong("sign type 1, and the client's UTC hour is not the platform's");
    }
    let group = Secret::new(HUAWEI_GROUP_SECRET);
    let derived = cloud::huawei::registration::group_device_secret(&group, device_id);
    let identity = HuaweiIdentity { device_id: device_id.to_owned(), secret: None, sign_type };
    let right = cloud::huawei::Device::new(&identity).credentials(derived.as_ref(), at);
    if connect.username.as_deref() != Some(device_id) || connect.password != right.password {
        return wrong("the user name or the password does not fit the group's secret");
    }
    if let Some((index, _)) = roster.find(|known| is_huawei(known, device_id))
        && desk.activated.contains(&index)
    {
        return Some(deny(ConnectReturn::NotAuthorized, "the device is activated already"));
    }
    Some(Ok(Registrant::Huawei { device_id: device_id.to_owned() }))
}

impl Desk {
    /// A device has signed in.
    pub(crate) fn activate(&mut self, index: usize) {
        self.activated.insert(index);
    }

    /// Whether a device whose name the platform knows may register.
    fn may_register(&self, roster: &Roster, product_key: &str, device_name: &str) -> Result<(), No> {
        may_ask(roster, product_key)?;
        match roster.find(|identity| is_aliyun(identity, product_key, device_name)) {
            None => Err(UNKNOWN_DEVICE),
            Some((index, _)) if self.activated.contains(&index) => Err(ACTIVATED),
            Some(_) => Ok(()),
        }
    }

    /// Whether the platform may make a device of that name, or make it anew.
    fn may_make(&self, roster: &Roster, product_key: &str, device_name: &str) -> Result<(), No> {
        may_ask(roster, product_key)?;
        match roster.find(|identity| is_aliyun(identity, product_key, device_name)) {
            Some((index, _)) if self.activated.contains(&index) => Err(ACTIVATED),
            _ => Ok(()),
        }
    }

    /// The answer to a form by HTTPS, and the device that it registers.
    pub(crate) fn form(&mut self, roster: &Roster, fields: &[(String, String)]) -> (Value, Option<Device>) {
        match self.form_registers(roster, fields) {
            Ok((device, data)) => (json!({"code": 200, "data": data, "message": "success"}), Some(device)),
            Err(no) => (json!({"code": no.code, "message": no.message}), None),
        }
    }

    fn form_registers(&mut self, roster: &Roster, fields: &[(String, String)]) -> Result<(Device, Value), No> {
        let field = |name: &str| {
            let found = fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
            found.filter(|value| !value.is_empty()).ok_or(BAD_PARAMETER)
        };
        let (product_key, device_name, random) = (field("productKey")?, field("deviceName")?, field("random")?);
        let (sent, word) = (field("sign")?, field("signMethod")?);
        let methods = [SignMethod::HmacMd5, SignMethod::HmacSha1, SignMethod::HmacSha256];
        let method =
            methods.into_iter().find(|method| method.word().eq_ignore_ascii_case(word)).ok_or(BAD_PARAMETER)?;
        let secret = Secret::new(ALIYUN_PRODUCT_SECRET);
        may_ask(roster, product_key)?;
        let right = cloud::aliyun::registration::sign(&secret, method, device_name, product_key, random);
        if !sent.eq_ignore_ascii_case(&right) {
            return Err(BAD_SIGN);
        }
        self.may_register(roster, product_key, device_name)?;
        Ok(self.give_aliyun(product_key, device_name, false))
    }

    /// What Aliyun pushes to a registrant, and UCloud and Huawei answer to `question`; with the device that is registered by it.
    pub(crate) fn give(
        &mut self,
        roster: &Roster,
        registrant: &Registrant,
        question: &[u8],
    ) -> (Value, Option<Device>) {
        match registrant {
            Registrant::Aliyun { product_key, device_name, made } => {
                let (device, data) = self.give_aliyun(product_key, device_name, *made);
                (data, Some(device))
            }
            Registrant::Ucloud { product_sn, device_sn } => self.give_ucloud(roster, product_sn, device_sn, question),
            Registrant::Huawei { device_id } => {
                let secret = self.secret(device_id, SECRET);
                let answer = json!({ "address": self.address, "deviceSecret": secret.reveal() });
                let identity = HuaweiIdentity {
                    device_id: device_id.clone(),
                    secret: Some(SecretSource::Inline(secret)),
                    sign_type: SignType::default(),
                };
                (answer, Some(Device::new(device_id.clone(), Identity::Huawei(identity))))
            }
        }
    }

    fn give_aliyun(&mut self, product_key: &str, device_name: &str, made: bool) -> (Device, Value) {
        let secret = self.secret(&format!("{device_name}&{product_key}"), SECRET);
        let mut data = json!({ "productKey": product_key, "deviceName": device_name });
        let secret = if made {
            let token = Token { client_id: format!("made-{}", self.given), device_token: secret };
            data["clientId"] = json!(token.client_id);
            data["deviceToken"] = json!(token.device_token.reveal());
            token.to_json()
        } else {
            data["deviceSecret"] = json!(secret.reveal());
            secret
        };
        let identity = AliyunIdentity {
            product_key: product_key.to_owned(),
            device_name: device_name.to_owned(),
            secret: SecretSource::Inline(secret),
            is_token: made,
            client_id: defaults::aliyun_client_id(product_key, device_name),
            sign_method: SignMethod::HmacSha256,
            timestamp: AliyunTimestamp::Now,
            ext: None,
        };
        (Device::new(device_name, Identity::Aliyun(identity)), data)
    }

    fn give_ucloud(
        &mut self,
        roster: &Roster,
        product_sn: &str,
        device_sn: &str,
        question: &[u8],
    ) -> (Value, Option<Device>) {
        let id = serde_json::from_slice::<Value>(question).ok().and_then(|body| body.get("RequestID").cloned());
        // Its own replies carry the code as text (UD).
        let no = |no: No, id: Value| {
            (json!({ "RetCode": no.code.to_string(), "RequestID": id, "Message": no.message }), None)
        };
        let Some(id) = id else { return no(UCLOUD_MALFORMED, Value::Null) };
        let is_it = |identity: &Identity| is_ucloud(identity, product_sn, device_sn);
        if roster.find(is_it).is_some_and(|(index, _)| self.activated.contains(&index)) {
            return no(UCLOUD_ACTIVATED, id);
        }
        let secret = self.secret(&format!("{product_sn}.{device_sn}"), UCLOUD_SECRET);
        let answer = json!({ "RetCode": "0", "RequestID": id, "Password": secret.reveal() });
        let identity = UcloudIdentity {
            product_sn: product_sn.to_owned(),
            device_sn: device_sn.to_owned(),
            secret: SecretSource::Inline(secret),
        };
        (answer, Some(Device::new(device_sn, Identity::Ucloud(identity))))
    }

    /// A secret that nobody has had. Whoever knows this file can guess it: the platform stands on loopback, and holds nothing.
    fn secret(&mut self, of: &str, length: usize) -> Secret {
        self.given += 1;
        let hash = hex::encode(Sha256::digest(format!("{} secret of {of}", self.given)));
        Secret::new(hash.chars().take(length).collect::<String>())
    }
}

impl Registrant {
    /// Where it asks, and where the answer comes; `None`: the platform speaks by itself.
    pub(crate) fn topics(&self) -> Option<(String, String)> {
        match self {
            Self::Aliyun { .. } => None,
            Self::Ucloud { product_sn, device_sn } => {
                let root = format!("/$system/{product_sn}/{device_sn}");
                Some((format!("{root}/password"), format!("{root}/password_reply")))
            }
            Self::Huawei { device_id } => {
                let root = format!("$oc/devices/{device_id}/sys/bootstrap");
                Some((format!("{root}/up"), format!("{root}/down")))
            }
        }
    }
}

/// Whether there is such a product, which then has registration switched on.
fn may_ask(roster: &Roster, product_key: &str) -> Result<(), No> {
    let of_product =
        |identity: &Identity| matches!(identity, Identity::Aliyun(device) if device.product_key == product_key);
    roster.find(of_product).map(drop).ok_or(UNKNOWN_PRODUCT)
}

fn is_aliyun(identity: &Identity, product_key: &str, device_name: &str) -> bool {
    matches!(identity, Identity::Aliyun(device) if device.product_key == product_key && device.device_name == device_name)
}

fn is_ucloud(identity: &Identity, product_sn: &str, device_sn: &str) -> bool {
    matches!(identity, Identity::Ucloud(device) if device.product_sn == product_sn && device.device_sn == device_sn)
}

fn is_huawei(identity: &Identity, device_id: &str) -> bool {
    matches!(identity, Identity::Huawei(device) if device.device_id == device_id)
}

#[cfg(test)]
mod tests;
