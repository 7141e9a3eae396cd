//! What Aliyun's messages say, in one line and in the cloud's words.
//!
//! What lives here: one sentence a row of the platform's topic list. What may not: the words for codes (`codes`), and making
//! bodies (`bodies`, `drafts`).

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::codes::{self, device_code, platform_code};
use super::topics::{Route, Tree};
use super::{told, upgrade};
use crate::cloud::line::{self, Body, Line, bounded};
use crate::cloud::{Direction, Summary};
use crate::event::What;

type Object = Map<String, Value>;

/// So many bytes of a raw body are shown.
const RAW_BYTES: usize = 24;

/// Says what a message holds.
pub(super) fn summary(direction: Direction, route: &Route<'_>, payload: &[u8]) -> Summary {
    if route.tree == Tree::Register {
        return Summary::detail("a secret, which is not shown".to_owned());
    }
    if route.path.starts_with("thing/model/") {
        return Summary::detail(raw(payload));
    }
    let body = Body::read(payload);
    let said = body.object().and_then(|object| match route.tree {
        Tree::Sys | Tree::Rrpc => of_thing(direction, route, object),
        Tree::Session => Some(session(route, object)),
        Tree::Ntp => Some(named("time", &pairs(object))),
        Tree::Ota => ota(route.path, object),
        Tree::Shadow => Some(shadow(object)),
        Tree::Error if object.contains_key("code") => Some(result("error", object, platform_code, data_pairs)),
        _ => None,
    });
    said.unwrap_or_else(|| Summary { name: name_of(route), detail: body.words(), failed: false })
}

fn of_thing(direction: Direction, route: &Route<'_>, object: &Object) -> Option<Summary> {
    match route.what {
        What::PropertyReport => reported(route.path, object).map(Summary::detail),
        What::PropertySet => params(object).map(|params| Summary::detail(pairs(params))),
        What::PropertyGet => names(object.get("params")?).map(Summary::detail),
        What::Command => Some(call(object, route.name)),
        What::Event => outputs(object).map(|detail| Summary { name: bounded(route.name), detail, failed: false }),
        What::CommandReply | What::PropertySetReply | What::PropertyGetReply => {
            let words = if direction == Direction::Up { device_code } else { platform_code };
            Some(result(route.name, object, words, data_pairs))
        }
        What::Reply => Some(reply(route, object)),
        What::System | What::Shadow | What::Ota => asked(route, object),
        _ => None,
    }
}

/// The platform's answer to what the device sent. That of a report needs no name: it is most of them.
fn reply(route: &Route<'_>, object: &Object) -> Summary {
    let name = name_of(route);
    if told::hands_out_secrets(route) {
        return result(&name, object, platform_code, |_, line| line.word("with secrets, which are not shown"));
    }
    let data: fn(&Value, &mut Line) = match route.path {
        "thing/property/desired/get_reply" => |data, line| versions(data, line),
        "thing/config/get_reply" => |data, line| config(data, line),
        "thing/ota/firmware/get_reply" => |data, line| order(data, line),
        "thing/topo/get_reply" => |data, line| devices(data, line),
        "thing/dsltemplate/get_reply" | "thing/dynamicTsl/get_reply" => |data, line| model(data, line),
        _ => data_pairs,
    };
    result(&name, object, platform_code, data)
}

/// What the device asks of the platform, or the platform orders, beside services and properties; and what the device
/// acknowledges.
fn asked(route: &Route<'_>, object: &Object) -> Option<Summary> {
    let name = name_of(route);
    if route.path.ends_with("_reply") {
        return Some(result(&name, object, device_code, data_pairs));
    }
    let params = object.get("params")?;
    let mut said = Line::default();
    match route.path {
        "thing/property/desired/get" => return names(params).map(|detail| named(&name, &detail)),
        "thing/property/desired/delete" => versions(params, &mut said),
        "thing/deviceinfo/update" | "thing/deviceinfo/delete" => tags(params, &mut said),
        "thing/config/push" => config(params, &mut said),
        "thing/log/post" => log(params, &mut said),
        "thing/topo/change" => {
            let status = line::code(params.get("status"));
            said.word(status.and_then(codes::topology).unwrap_or("changed"));
            devices(params.get("subList")?, &mut said);
        }
        "thing/gateway/permit" => {
            let product = params.get("productKey").and_then(Value::as_str).unwrap_or("any");
            said.word(&format!("sub-devices of product {product}"));
            if let Some(seconds) = line::code(params.get("time")) {
                said.word(&format!("for {seconds} s"));
            }
        }
        "thing/topo/add"
        | "thing/topo/delete"
        | "thing/topo/add/notify"
        | "thing/list/found"
        | "thing/sub/register"
        | "thing/sub/unregister" => devices(params, &mut said),
        "thing/proxy/provisioning/product_register" => devices(params.get("proxieds")?, &mut said),
        _ => match params {
            Value::Object(members) => said.pairs(members),
            other => said.value(other),
        },
    }
    Some(named(&name, &said.finish()))
}

/// `combine/login` and the like.
fn session(route: &Route<'_>, object: &Object) -> Summary {
    let name = name_of(route);
    if route.what == What::Reply {
        return result(&name, object, platform_code, devices);
    }
    let mut said = Line::default();
    let params = object.get("params").unwrap_or(&Value::Null);
    devices(params.get("deviceList").unwrap_or(params), &mut said);
    named(&name, &said.finish())
}

fn ota(path: &str, object: &Object) -> Option<Summary> {
    let mut said = Line::default();
    let mut failed = false;
    match path {
        "upgrade" => {
            order(object.get("data")?, &mut said);
            failed = line::code(object.get("code")).is_some_and(|code| code != 1000 && code != 200);
        }
        "progress" => {
            let params = params(object)?;
            let step = line::code(params.get("step"))?;
            match upgrade::step_words(step) {
                Some(words) => said.word(&format!("{step} {words}")),
                None if step < 0 => said.word(&format!("{step} a failure that is not documented")),
                None => said.word(&format!("{step} %")),
            }
            let rest = params.iter().filter(|(key, value)| *key != "step" && **value != "");
            rest.for_each(|(key, value)| said.pair(key, value));
            failed = step < 0;
        }
        _ => said.pairs(params(object)?),
    }
    Some(Summary { name: bounded(path), detail: said.finish(), failed })
}

/// The shadow's own envelope: `method`, then `state` upwards and `payload` downwards.
fn shadow(object: &Object) -> Summary {
    let method = object.get("method").and_then(Value::as_str).unwrap_or("");
    let payload = object.get("payload");
    let failed = payload.and_then(|payload| payload.get("status")).is_some_and(|status| status == "error");
    let mut said = Line::default();
    if let Some(content) = payload.and_then(|payload| payload.get("content")) {
        let code = line::code(content.get("errorcode"));
        said.result(code, code.and_then(codes::shadow), content.get("errormessage"));
    } else if failed {
        said.word("error");
    } else if payload.is_some_and(|payload| payload.get("state").is_none()) {
        said.word("success");
    }
    let state = object.get("state").or_else(|| payload?.get("state"));
    for side in ["reported", "desired"] {
        match state.and_then(|state| state.get(side)) {
            Some(Value::Object(values)) if !values.is_empty() => {
                said.word(side);
                said.pairs(values);
            }
            // The word for "take it all away".
            Some(Value::String(word)) if word == "null" => said.word(&format!("no more {side}")),
            _ => {}
        }
    }
    let version = object.get("version").or_else(|| payload?.get("version"));
    if let Some(version) = version {
        said.pair("version", version);
    }
    Summary { name: bounded(method), detail: said.finish(), failed }
}

/// A row's name where its kind does not say it all: the topic's own words.
fn name_of(route: &Route<'_>) -> String {
    let path = route.path.strip_prefix("thing/").unwrap_or(route.path);
    let words = match (route.tree, route.what) {
        (Tree::Session | Tree::Ext | Tree::Ota, _) => route.path,
        (Tree::Ntp, _) => "time",
        (Tree::Error, _) => "error",
        (Tree::Sys, What::Reply) if path == "event/property/post_reply" || !route.name.is_empty() => {
            return bounded(route.name);
        }
        (Tree::Sys, What::Reply) => {
            ["event/property/", "property/"].iter().find_map(|head| path.strip_prefix(head)).unwrap_or(path)
        }
        (Tree::Sys, What::System | What::Ota) => path,
        (Tree::Sys, What::Shadow) => path.strip_prefix("property/").unwrap_or(path),
        _ => return bounded(route.name),
    };
    bounded(&words.strip_suffix("_reply").unwrap_or(words).replace('/', " "))
}

fn named(name: &str, detail: &str) -> Summary {
    Summary { name: bounded(name), detail: bounded(detail), failed: false }
}

fn params(object: &Object) -> Option<&Object> {
    object.get("params")?.as_object()
}

fn pairs(members: &Object) -> String {
    let mut said = Line::default();
    said.pairs(members);
    said.finish()
}

/// Properties; a value may come with its time, as `{"value": v, "time": ms}`.
fn reported(path: &str, object: &Object) -> Option<String> {
    let mut said = Line::default();
    match path {
        "thing/event/property/history/post" => {
            for record in object.get("params")?.as_array()? {
                identity(record, &mut said);
                counted(record.get("properties"), "report", &mut said);
                counted(record.get("events"), "event", &mut said);
            }
        }
        "thing/event/property/pack/post" | "thing/event/property/batch/post" => {
            let params = object.get("params")?;
            packed(params, &mut said);
            for sub_device in params.get("subDevices").and_then(Value::as_array).into_iter().flatten() {
                identity(sub_device, &mut said);
                packed(sub_device, &mut said);
            }
        }
        _ => said.pairs_by(params(object)?, value_of),
    }
    Some(said.finish())
}

/// Properties and events of one device in a pack; a list of values is told by its last.
fn packed(part: &Value, said: &mut Line) {
    let latest = |value: &Value| value.as_array().and_then(|list| list.last()).unwrap_or(value).clone();
    for (name, value) in part.get("properties").and_then(Value::as_object).into_iter().flatten() {
        said.pair(name, value_of(&latest(value)));
    }
    for name in part.get("events").and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name) {
        said.word(&format!("event {name}"));
    }
}

fn value_of(value: &Value) -> &Value {
    value.get("value").unwrap_or(value)
}

/// `lamp-02:`; nothing for the device itself, whose identity may be empty or absent.
fn identity(part: &Value, said: &mut Line) {
    let name = part.get("identity").and_then(|identity| identity.get("deviceName")).and_then(Value::as_str);
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        said.word(&format!("{name}:"));
    }
}

fn counted(list: Option<&Value>, word: &str, said: &mut Line) {
    let many = list.and_then(Value::as_array).map_or(0, Vec::len);
    if many > 0 {
        said.word(&format!("{many} {word}{}", if many == 1 { "" } else { "s" }));
    }
}

/// An event's outputs, which older SDKs send without `{"value": …, "time": ms}` around them.
fn outputs(object: &Object) -> Option<String> {
    let params = params(object)?;
    Some(pairs(params.get("value").and_then(Value::as_object).unwrap_or(params)))
}

fn names(list: &Value) -> Option<String> {
    let mut said = Line::default();
    list.as_array()?.iter().for_each(|name| said.value(name));
    Some(said.finish())
}

/// A service's inputs. RRPC has the service's name only in the body's `method`, or in none at all.
fn call(object: &Object, name: &str) -> Summary {
    let method = object.get("method").and_then(Value::as_str).unwrap_or("");
    let method = method.strip_prefix("thing.service.").unwrap_or(method);
    let name = bounded(if name.is_empty() { method } else { name });
    Summary { name, detail: pairs(params(object).unwrap_or(object)), failed: false }
}

/// `200 success`, then the message where it says more, then the data.
fn result(
    name: &str,
    object: &Object,
    words: fn(i64) -> Option<&'static str>,
    data: impl Fn(&Value, &mut Line),
) -> Summary {
    let code = line::code(object.get("code"));
    let mut said = Line::default();
    let meaning = code.and_then(words);
    said.result(code, meaning, object.get("message"));
    if code.is_some() && meaning.is_none() {
        said.word("(see the device log in the console)");
    }
    if let Some(found) = object.get("data") {
        data(found, &mut said);
    }
    Summary { name: bounded(name), detail: said.finish(), failed: code.is_some_and(|code| code != 200) }
}

fn data_pairs(data: &Value, said: &mut Line) {
    match data {
        Value::Object(members) => said.pairs(members),
        Value::Array(_) => said.value(data),
        _ => {}
    }
}

/// `{"k": {"value": v, "version": n}}`, with either left out.
fn versions(values: &Value, said: &mut Line) {
    for (name, of) in values.as_object().into_iter().flatten() {
        match of.get("value") {
            Some(value) => said.pair(name, value),
            None => said.word(name),
        }
        if let Some(version) = of.get("version") {
            said.word(&format!("(version {version})"));
        }
    }
}

fn tags(list: &Value, said: &mut Line) {
    for tag in list.as_array().into_iter().flatten() {
        let key = tag.get("attrKey").and_then(Value::as_str).unwrap_or("?");
        match tag.get("attrValue") {
            Some(value) => said.pair(key, value),
            None => said.word(key),
        }
    }
}

/// `{"configId", "configSize", "sign", "signMethod", "url", "getType"}`, the size in words.
fn config(data: &Value, said: &mut Line) {
    for (key, value) in data.as_object().into_iter().flatten() {
        match value.as_u64().filter(|_| key == "configSize") {
            Some(bytes) => said.word(&line::size(bytes)),
            None => said.pair(key, value),
        }
    }
}

/// An upgrade: `2.0.0 for module MCU, 422.7 KiB`, then the rest of the data.
fn order(data: &Value, said: &mut Line) {
    let Some(members) = data.as_object() else { return };
    let mut words = members.get("version").and_then(Value::as_str).map_or_else(String::new, ToOwned::to_owned);
    if let Some(module) = members.get("module").and_then(Value::as_str) {
        // Writing to memory cannot fail.
        write!(words, " for module {module}").ok();
    }
    said.word(&words);
    if let Some(bytes) = members.get("size").and_then(Value::as_u64) {
        said.word(&line::size(bytes));
    }
    let told = ["version", "module", "size"];
    members.iter().filter(|(key, _)| !told.contains(&key.as_str())).for_each(|(key, value)| said.pair(key, value));
}

/// One device or a list of them, as `{product key}/{device name}`.
fn devices(list: &Value, said: &mut Line) {
    let items = match list {
        Value::Array(items) => items.as_slice(),
        Value::Object(_) => std::slice::from_ref(list),
        _ => return,
    };
    for item in items {
        let text = |key: &str| item.get(key).and_then(Value::as_str).unwrap_or("?");
        if item.get("deviceName").is_some() || item.get("productKey").is_some() {
            said.word(&format!("{}/{}", text("productKey"), text("deviceName")));
        }
    }
}

/// How much a product's model holds.
fn model(data: &Value, said: &mut Line) {
    for part in ["properties", "events", "services"] {
        if let Some(list) = data.get(part).and_then(Value::as_array) {
            said.word(&format!("{} {part}", list.len()));
        }
    }
}

/// How many lines, and the first: `2 entries, DEBUG ALK-LK some message`.
fn log(list: &Value, said: &mut Line) {
    let entries = list.as_array().map_or(&[][..], Vec::as_slice);
    said.word(&format!("{} entr{}", entries.len(), if entries.len() == 1 { "y" } else { "ies" }));
    let Some(first) = entries.first() else { return };
    for key in ["logLevel", "module", "logContent"] {
        said.word(first.get(key).and_then(Value::as_str).unwrap_or(""));
    }
}

/// A raw body: its size and its first bytes.
fn raw(payload: &[u8]) -> String {
    let mut said = line::size(payload.len() as u64);
    for byte in payload.iter().take(RAW_BYTES) {
        // Writing to memory cannot fail.
        write!(said, " {byte:02x}").ok();
    }
    if payload.len() > RAW_BYTES {
        said.push_str(" …");
    }
    said
}

#[cfg(test)]
mod tests;
