//! What the cloud keeps of one device: desired values, tags, versions, an upgrade that waits, and the shadow.
//!
//! What lives here: the store and the answers from it. What may not: whose it is and whether it may ask.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::alink::{Asked, BAD_PARAMETER, Verdict};
use super::model;
use super::shadow::Shadow;

/// No device has more tags or desired values here; the documents' own limit on tags.
const MOST: usize = 100;
/// The module of a report or question that names none.
const DEFAULT_MODULE: &str = "default";

/// One device's.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// Switched off in the console: nothing of it is taken.
    pub(super) disabled: bool,
    pub(super) shadow: Shadow,
    desired: BTreeMap<String, Desired>,
    tags: BTreeMap<String, String>,
    /// Each module's version.
    versions: BTreeMap<String, String>,
    /// The data of the upgrade that waits for each module.
    upgrades: BTreeMap<String, Value>,
    /// What the application has set as remote config, in the form of the answer's data.
    config: Option<Value>,
}

/// A desired value; its version counts how often it was set.
#[derive(Clone, Debug, PartialEq)]
struct Desired {
    value: Value,
    version: u64,
}

impl Kept {
    /// The answer to a question on `thing/{path}`; `None`: not one about what is kept here.
    pub(super) fn ask(&mut self, path: &str, params: &Value) -> Option<Verdict> {
        Some(match path {
            "property/desired/get" => self.desired_of(params),
            "property/desired/delete" => self.forget_desired(params),
            "deviceinfo/update" => self.tag(params),
            "deviceinfo/delete" => self.untag(params),
            "config/get" => self.config_of(params),
            "log/post" => log(params),
            "dsltemplate/get" => Verdict::yes(model::whole()),
            "dynamicTsl/get" => model::nodes(params),
            "ota/firmware/get" => Verdict::yes(self.upgrade_of(params)),
            _ => return None,
        })
    }

    /// The application wants these values from now on.
    pub(super) fn want(&mut self, values: &Map<String, Value>) {
        for (name, value) in values {
            if self.desired.len() >= MOST && !self.desired.contains_key(name) {
                continue;
            }
            let version = self.desired.get(name).map_or(0, |desired| desired.version) + 1;
            self.desired.insert(name.clone(), Desired { value: value.clone(), version });
        }
    }

    /// The application has set a config.
    pub(super) fn set_config(&mut self, config: Value) {
        self.config = Some(config);
    }

    /// An upgrade waits for a module until it reports the version.
    pub(super) fn offer_upgrade(&mut self, data: &Value) {
        self.upgrades.insert(module_of(data), data.clone());
    }

    /// `/ota/device/inform`: a module's version. An upgrade to it has happened.
    pub(super) fn inform(&mut self, asked: &Asked) {
        let params = asked.params();
        let Some(version) = params.get("version").and_then(Value::as_str) else { return };
        let module = module_of(params);
        if self.upgrades.get(&module).is_some_and(|upgrade| upgrade["version"] == version) {
            self.upgrades.remove(&module);
        }
        if self.versions.len() < MOST || self.versions.contains_key(&module) {
            self.versions.insert(module, version.to_owned());
        }
    }

    /// `/ota/device/progress`: a step below zero ends the upgrade.
    pub(super) fn progress(&mut self, asked: &Asked) {
        let params = asked.params();
        let step = match params.get("step") {
            // A text that is no number says nothing.
            Some(Value::String(text)) => text.parse().ok(),
            Some(number) => number.as_i64(),
            None => None,
        };
        if step.is_some_and(|step: i64| step < 0) {
            self.upgrades.remove(&module_of(params));
        }
    }

    fn desired_of(&self, params: &Value) -> Verdict {
        let Some(names) = params.as_array() else { return BAD_PARAMETER };
        if !names.iter().all(Value::is_string) {
            return BAD_PARAMETER;
        }
        let known = names.iter().filter_map(Value::as_str).filter_map(|name| {
            let desired = self.desired.get(name)?;
            Some((name.to_owned(), json!({"value": desired.value, "version": desired.version})))
        });
        Verdict::yes(Value::Object(known.collect()))
    }

    /// A version that is not the current one keeps its value: it was set anew meanwhile. The documents name no code for it.
    fn forget_desired(&mut self, params: &Value) -> Verdict {
        let Some(names) = params.as_object() else { return BAD_PARAMETER };
        for (name, of) in names {
            let version = of.get("version").and_then(Value::as_u64);
            let stale = |desired: &Desired| version.is_some_and(|version| version != desired.version);
            if !self.desired.get(name).is_some_and(stale) {
                self.desired.remove(name);
            }
        }
        Verdict::done()
    }

    fn tag(&mut self, params: &Value) -> Verdict {
        let pair = |tag: &Value| {
            let text = |key: &str| tag.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
            Some((text("attrKey").filter(|key| !key.is_empty())?, text("attrValue")?))
        };
        let tags: Option<Vec<_>> = params.as_array().and_then(|tags| tags.iter().map(pair).collect());
        match tags.filter(|tags| !tags.is_empty()) {
            Some(tags) if self.tags.len() + tags.len() <= MOST => {
                self.tags.extend(tags);
                Verdict::done()
            }
            _ => BAD_PARAMETER,
        }
    }

    fn untag(&mut self, params: &Value) -> Verdict {
        let key = |tag: &Value| tag.get("attrKey").and_then(Value::as_str).map(ToOwned::to_owned);
        let keys: Option<Vec<_>> = params.as_array().and_then(|tags| tags.iter().map(key).collect());
        match keys.filter(|keys| !keys.is_empty()) {
            Some(keys) => {
                for key in &keys {
                    self.tags.remove(key);
                }
                Verdict::done()
            }
            None => BAD_PARAMETER,
        }
    }

    fn config_of(&self, params: &Value) -> Verdict {
        if params["configScope"] != "product" || params["getType"] != "file" {
            return BAD_PARAMETER;
        }
        match &self.config {
            Some(config) => Verdict::yes(config.clone()),
            // The vendor's pages have a code for it.
            None => Verdict::no(6710, "no data"),
        }
    }

    fn upgrade_of(&self, params: &Value) -> Value {
        self.upgrades.get(&module_of(params)).cloned().unwrap_or(Value::Null)
    }
}

fn module_of(params: &Value) -> String {
    let module = params.get("module").and_then(Value::as_str).filter(|module| !module.is_empty());
    module.unwrap_or(DEFAULT_MODULE).to_owned()
}

/// A list of lines, each with a time, a level, a module and a text.
fn log(params: &Value) -> Verdict {
    let is_line =
        |line: &Value| ["utcTime", "logLevel", "module", "logContent"].iter().all(|key| line[*key].is_string());
    match params.as_array() {
        Some(lines) if !lines.is_empty() && lines.iter().all(is_line) => Verdict::done(),
        _ => BAD_PARAMETER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: &Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    fn asked(body: &Value) -> Asked {
        Asked::read(body.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn desired_values_count_their_versions_and_go_when_the_device_says_so() {
        let mut kept = Kept::default();
        kept.want(&object(&json!({"power": "off"})));
        kept.want(&object(&json!({"power": "on", "level": 3})));
        let mut ask = |path, params| kept.ask(path, &params).unwrap();
        let got = ask("property/desired/get", json!(["power", "unknown"]));
        assert_eq!(got, Verdict::yes(json!({"power": {"value": "on", "version": 2}})));
        ask("property/desired/delete", json!({"power": {"version": 1}, "level": {}}));
        let got = ask("property/desired/get", json!(["power", "level"]));
        assert_eq!(got.data, json!({"power": {"value": "on", "version": 2}}), "version 1 is not the current one");
        ask("property/desired/delete", json!({"power": {"version": 2}}));
        assert_eq!(ask("property/desired/get", json!(["power"])).data, json!({}));
        for wrong in [json!({"power": 1}), json!([1]), Value::Null] {
            assert_eq!(ask("property/desired/get", wrong), BAD_PARAMETER);
        }
        assert_eq!(ask("property/desired/delete", json!(["power"])), BAD_PARAMETER);
    }

    #[test]
    fn tags_config_and_log_are_checked() {
        let mut kept = Kept::default();
        for (path, params, code) in [
            ("deviceinfo/update", json!([{"attrKey": "Temperature", "attrValue": "36.8"}]), 200),
            ("deviceinfo/update", json!([{"attrKey": "Temperature"}]), 460),
            ("deviceinfo/update", json!([{"attrKey": "", "attrValue": "x"}]), 460),
            ("deviceinfo/update", json!([]), 460),
            ("deviceinfo/update", json!({"attrKey": "a", "attrValue": "b"}), 460),
            ("deviceinfo/delete", json!([{"attrKey": "Temperature"}]), 200),
            ("deviceinfo/delete", json!([{}]), 460),
            ("config/get", json!({"configScope": "product", "getType": "file"}), 6710),
            ("config/get", json!({"configScope": "device", "getType": "file"}), 460),
            ("config/get", json!({}), 460),
            (
                "log/post",
                json!([{"utcTime": "2020-03-06T15:08:43.123+0800", "logLevel": "DEBUG", "module": "ALK-LK", "code": "0", "traceContext": "1", "logContent": "x"}]),
                200,
            ),
            ("log/post", json!([{"logContent": "x"}]), 460),
            ("log/post", json!([]), 460),
        ] {
            assert_eq!(kept.ask(path, &params).map(|verdict| verdict.code), Some(code), "{path} {params}");
        }
        kept.set_config(json!({"configId": "c1"}));
        let got = kept.ask("config/get", &json!({"configScope": "product", "getType": "file"})).unwrap();
        assert_eq!(got, Verdict::yes(json!({"configId": "c1"})));
        assert_eq!(kept.ask("topo/get", &Value::Null), None);
    }

    #[test]
    fn an_upgrade_waits_until_its_version_is_reported_or_it_has_failed() {
        let mut kept = Kept::default();
        let data = json!({"version": "2.0.0", "module": "MCU", "size": 10});
        let get =
            |kept: &mut Kept, module: &str| kept.ask("ota/firmware/get", &json!({ "module": module })).unwrap().data;
        kept.offer_upgrade(&data);
        assert_eq!(get(&mut kept, "MCU"), data);
        assert_eq!(get(&mut kept, "default"), Value::Null);
        kept.inform(&asked(&json!({"id": "1", "params": {"version": "1.0.0", "module": "MCU"}})));
        kept.progress(&asked(&json!({"id": "1", "params": {"step": "40", "module": "MCU"}})));
        assert_eq!(get(&mut kept, "MCU"), data, "still under way");
        kept.inform(&asked(&json!({"id": "1", "params": {"version": "2.0.0", "module": "MCU"}})));
        assert_eq!(get(&mut kept, "MCU"), Value::Null);
        assert_eq!(kept.versions.get("MCU").map(String::as_str), Some("2.0.0"));
        kept.offer_upgrade(&data);
        kept.progress(&asked(&json!({"id": "1", "params": {"step": "-2", "module": "MCU"}})));
        assert_eq!(get(&mut kept, "MCU"), Value::Null, "a failure ends it");
    }
}
