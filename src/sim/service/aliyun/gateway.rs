//! A gateway's sub-devices: who they are, the topology, and who is logged in.
//!
//! What lives here: the rules of `thing/topo/…`, `thing/sub/…`, `thing/list/found` and `combine/…`. What may not: what a
//! sub-device says once it is logged in.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::alink::{BAD_PARAMETER, NO_SESSION, UNKNOWN_DEVICE, Verdict};
use super::place::Who;
use crate::cloud::aliyun::sub_devices::{BATCH, is_signed, is_signed_by_product};
use crate::profile::{AliyunIdentity, Identity, SecretSource};
use crate::secret::Secret;
use crate::sim::roster::Roster;

/// Sub-devices that every gateway's product has here beside the roster's devices: device name and secret.
pub const ALIYUN_SUB_DEVICES: [(&str, &str); 2] =
    [("lamp-sub-01", "0f1e2d3c4b5a69788796a5b4c3d2e1f0"), ("lamp-sub-02", "1029384756afbecd1029384756afbecd")];

/// The secret of every product here (`ProductSecret`), with which a gateway may register sub-devices that it has no secret for.
pub const ALIYUN_PRODUCT_SECRET: &str = "ProdSecret0001";

/// No more sub-devices belong to one gateway (code 428).
const SUB_DEVICES: usize = 2_000;
/// No more are registered with one message.
const REGISTRATIONS: usize = 30;

/// The product is not one that the platform knows.
const UNKNOWN_PRODUCT: Verdict = Verdict::no(6250, "product not found");

/// There are too many sub-devices.
const TOO_MANY: Verdict = Verdict::no(428, "too many subdevices under gateway");
/// The signature is not the secret's.
const BAD_SIGN: Verdict = Verdict::no(6287, "invalid sign");

/// The sub-devices of one gateway.
#[derive(Debug, Default)]
pub(super) struct Gateway {
    /// Those that were registered by message, with their secrets.
    registered: BTreeMap<Who, Secret>,
    topology: BTreeSet<Who>,
    online: BTreeSet<Who>,
    /// Switched off in the console.
    disabled: BTreeSet<Who>,
}

/// Who asks, and who else is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct World<'a> {
    pub(super) gateway: &'a AliyunIdentity,
    pub(super) roster: &'a Roster,
}

impl Gateway {
    /// Whether a device is behind this gateway.
    pub(super) fn has(&self, who: &Who) -> bool {
        self.topology.contains(who)
    }

    /// Whether a sub-device is logged in.
    pub(super) fn is_online(&self, who: &Who) -> bool {
        self.online.contains(who)
    }

    /// Whether a sub-device is switched off.
    pub(super) fn is_disabled(&self, who: &Who) -> bool {
        self.disabled.contains(who)
    }

    /// The first of the sub-devices that are logged in.
    pub(super) fn first_online(&self) -> Option<&Who> {
        self.online.first()
    }

    /// The first sub-device behind the gateway.
    pub(super) fn first(&self) -> Option<&Who> {
        self.topology.first()
    }

    /// The gateway's connection has ended, and with it the sessions of its sub-devices.
    pub(super) fn offline(&mut self) {
        self.online.clear();
    }

    /// A sub-device is switched off or on in the console.
    pub(super) fn set_disabled(&mut self, who: &Who, disabled: bool) {
        if disabled {
            self.disabled.insert(who.clone());
            self.online.remove(who);
        } else {
            self.disabled.remove(who);
        }
    }

    /// A sub-device's session ends from the platform's side.
    pub(super) fn log_out(&mut self, who: &Who) {
        self.online.remove(who);
    }

    fn remove(&mut self, who: &Who) {
        self.topology.remove(who);
        self.online.remove(who);
    }

    /// The answer to a question on `thing/{path}`; `None`: not one about sub-devices.
    pub(super) fn ask(&mut self, world: World<'_>, path: &str, params: &Value) -> Option<Verdict> {
        Some(match path {
            "topo/add" => self.add(world, params),
            "topo/delete" => self.delete(world, params),
            "topo/get" => Verdict::yes(self.topology.iter().map(Who::entry).collect()),
            "list/found" => found(world, params),
            "sub/register" => self.register(world, params),
            "sub/unregister" => self.unregister(world, params),
            "proxy/provisioning/product_register" => self.register_by_product(world, params),
            _ => return None,
        })
    }

    /// The answer to `combine/{verb}`; `None`: there is no such verb.
    pub(super) fn session(&mut self, world: World<'_>, verb: &str, params: &Value) -> Option<Verdict> {
        Some(match verb {
            "login" => self.log_in_all(world, std::slice::from_ref(params)).map_or_else(|no| no, first_of),
            "batch_login" => match params.get("deviceList").and_then(Value::as_array) {
                Some(list) if !list.is_empty() && list.len() <= BATCH => {
                    self.log_in_all(world, list).map_or_else(|no| no, Verdict::yes)
                }
                _ => BAD_PARAMETER,
            },
            "logout" => self.log_out_all(std::slice::from_ref(params)).map_or_else(|no| no, first_of),
            "batch_logout" => match params.as_array() {
                Some(list) if !list.is_empty() => self.log_out_all(list).map_or_else(|no| no, Verdict::yes),
                _ => BAD_PARAMETER,
            },
            _ => return None,
        })
    }

    /// All or none: the documents know one code for a message.
    fn add(&mut self, world: World<'_>, params: &Value) -> Verdict {
        let Some(entries) = params.as_array().filter(|entries| !entries.is_empty()) else { return BAD_PARAMETER };
        let mut new = Vec::with_capacity(entries.len());
        for entry in entries {
            let Some(who) = signed(entry, "signmethod") else { return BAD_PARAMETER };
            if who == Who::of(world.gateway) {
                return Verdict::no(6402, "topo relation cannot add by self");
            }
            match self.secret_of(world, &who) {
                None => return UNKNOWN_DEVICE,
                Some(secret) if !is_signed(entry, &secret) => return Verdict::no(401, "request auth error"),
                Some(_) => new.push(who),
            }
        }
        if self.topology.len() + new.len() > SUB_DEVICES {
            return TOO_MANY;
        }
        self.topology.extend(new);
        Verdict::done()
    }

    fn delete(&mut self, world: World<'_>, params: &Value) -> Verdict {
        let Some(listed) = list(params) else { return BAD_PARAMETER };
        if listed.iter().any(|who| self.secret_of(world, who).is_none()) {
            return UNKNOWN_DEVICE;
        }
        for who in &listed {
            self.remove(who);
        }
        Verdict::done()
    }

    /// A device that is known already gets the secret that it has.
    fn register(&mut self, world: World<'_>, params: &Value) -> Verdict {
        let Some(listed) = list(params).filter(|listed| listed.len() <= REGISTRATIONS) else { return BAD_PARAMETER };
        if let Some(no) = listed.iter().find_map(|who| misnamed(world, who)) {
            return no;
        }
        let unknown = listed.iter().filter(|who| self.secret_of(world, who).is_none()).count();
        if self.registered.len() + unknown > SUB_DEVICES {
            return TOO_MANY;
        }
        Verdict::yes(listed.iter().map(|who| self.registered(world, who)).collect())
    }

    /// Each entry by itself, as the documents have it: those that are signed with the product's secret, and the others.
    fn register_by_product(&mut self, world: World<'_>, params: &Value) -> Verdict {
        let entries = params.get("proxieds").and_then(Value::as_array);
        let Some(entries) = entries.filter(|list| !list.is_empty() && list.len() <= REGISTRATIONS) else {
            return BAD_PARAMETER;
        };
        let secret = Secret::new(ALIYUN_PRODUCT_SECRET);
        let (mut successes, mut failures) = (Vec::new(), Vec::new());
        for entry in entries {
            let Some(who) = Who::read(entry) else { return BAD_PARAMETER };
            let room = self.registered.len() < SUB_DEVICES;
            let no = misnamed(world, &who)
                .or_else(|| (!room).then_some(TOO_MANY))
                .or_else(|| (!is_signed_by_product(entry, &secret)).then_some(BAD_SIGN));
            match no {
                None => successes.push(self.registered(world, &who)),
                Some(no) => {
                    let mut failure = who.entry();
                    failure["code"] = json!(no.code);
                    failure["message"] = json!(no.message);
                    failures.push(failure);
                }
            }
        }
        Verdict::yes(json!({ "successes": successes, "failures": failures }))
    }

    /// What a device that registers is told: its secret, made now unless it has one.
    fn registered(&mut self, world: World<'_>, who: &Who) -> Value {
        let secret = self.secret_of(world, who).unwrap_or_else(|| {
            let made = Secret::new(made_secret(who));
            self.registered.insert(who.clone(), made.clone());
            made
        });
        let mut entry = who.entry();
        entry["deviceSecret"] = json!(secret.reveal());
        entry["iotId"] = json!(made_id(who));
        entry
    }

    fn unregister(&mut self, world: World<'_>, params: &Value) -> Verdict {
        let verdict = self.delete(world, params);
        if verdict.code == 200 {
            for who in list(params).into_iter().flatten() {
                self.registered.remove(&who);
            }
        }
        verdict
    }

    /// All or none; the data of the answer is their list.
    fn log_in_all(&mut self, world: World<'_>, entries: &[Value]) -> Result<Value, Verdict> {
        let mut new = Vec::with_capacity(entries.len());
        for entry in entries {
            let who = signed(entry, "signMethod").ok_or(BAD_PARAMETER)?;
            let secret = self.secret_of(world, &who).ok_or(UNKNOWN_DEVICE)?;
            if !self.topology.contains(&who) {
                return Err(Verdict::no(6401, "topo relation not exist"));
            }
            if self.disabled.contains(&who) {
                return Err(Verdict::no(522, "device forbidden"));
            }
            if !is_signed(entry, &secret) {
                return Err(BAD_SIGN);
            }
            new.push(who);
        }
        let answer = new.iter().map(Who::entry).collect();
        self.online.extend(new);
        Ok(answer)
    }

    fn log_out_all(&mut self, entries: &[Value]) -> Result<Value, Verdict> {
        let listed: Vec<Who> = entries.iter().map(Who::read).collect::<Option<_>>().ok_or(BAD_PARAMETER)?;
        if !listed.iter().all(|who| self.online.contains(who)) {
            return Err(NO_SESSION);
        }
        for who in &listed {
            self.online.remove(who);
        }
        Ok(listed.iter().map(Who::entry).collect())
    }

    /// A device's secret, if the platform knows the device.
    fn secret_of(&self, world: World<'_>, who: &Who) -> Option<Secret> {
        let of_roster = || {
            let is_it = |identity: &Identity| matches!(identity, Identity::Aliyun(device) if Who::of(device) == *who);
            match world.roster.find(is_it)?.1.identity.secret()? {
                SecretSource::Inline(secret) => Some(secret.clone()),
                _ => None,
            }
        };
        let of_product = || {
            let (_, secret) = ALIYUN_SUB_DEVICES.iter().find(|(name, _)| *name == who.device_name)?;
            (who.product_key == world.gateway.product_key).then(|| Secret::new(*secret))
        };
        self.registered.get(who).cloned().or_else(of_roster).or_else(of_product)
    }
}

/// The device of a signed entry that has every part that is needed. The method's name is written in two ways.
fn signed(entry: &Value, method_key: &str) -> Option<Who> {
    let is_text = |key: &str| entry.get(key).is_some_and(Value::is_string);
    ["clientId", "sign", method_key].into_iter().all(is_text).then(|| Who::read(entry))?
}

fn list(params: &Value) -> Option<Vec<Who>> {
    params.as_array().filter(|entries| !entries.is_empty())?.iter().map(Who::read).collect()
}

/// Devices that the gateway has seen, which need not be known yet.
fn found(world: World<'_>, params: &Value) -> Verdict {
    match list(params) {
        None => BAD_PARAMETER,
        Some(listed) => listed.iter().find_map(|who| misnamed(world, who)).unwrap_or(const { Verdict::done() }),
    }
}

/// What is wrong with a device that need not be known: its product, or its name.
fn misnamed(world: World<'_>, who: &Who) -> Option<Verdict> {
    let is_its =
        |identity: &Identity| matches!(identity, Identity::Aliyun(device) if device.product_key == who.product_key);
    if world.roster.find(is_its).is_none() {
        return Some(UNKNOWN_PRODUCT);
    }
    let name = &who.device_name;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_@.:".contains(c);
    let fits = (4..=32).contains(&name.chars().count()) && name.chars().all(allowed);
    (!fits).then_some(Verdict::no(6280, "devicename not meet specs"))
}

/// A single login or logout is answered with its one device.
fn first_of(list: Value) -> Verdict {
    match list {
        Value::Array(items) => Verdict::yes(items.into_iter().next().unwrap_or(Value::Object(Map::new()))),
        other => Verdict::yes(other),
    }
}

/// The secret of a device that was registered by message; the same for the same device, so that a test can be repeated.
fn made_secret(who: &Who) -> String {
    digest("secret", who)
}

fn made_id(who: &Who) -> String {
    digest("id", who)
}

fn digest(of: &str, who: &Who) -> String {
    let hash = hex::encode(Sha256::digest(format!("{of} of {who}")));
    hash.chars().take(32).collect()
}
