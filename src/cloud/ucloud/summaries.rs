//! What UCloud's messages say, in one line and in the cloud's words.
//!
//! What lives here: one sentence a row of the platform's topic list. What may not: the words for codes (`codes`), and making
//! bodies (`bodies`, `drafts`).

use serde_json::{Map, Value};

use super::codes::code_words;
use super::shadow;
use super::topics::Route;
use super::upgrade;
use crate::cloud::Summary;
use crate::cloud::line::{self, Body, Line, bounded};
use crate::event::What;

type Object = Map<String, Value>;

/// Says what a message holds.
pub(super) fn summary(route: &Route<'_>, payload: &[u8]) -> Summary {
    if route.path == "password_reply" {
        return password(payload);
    }
    let body = Body::read(payload);
    let said = body.object().and_then(|object| match (route.what, route.path) {
        (What::PropertyReport, _) => members(object, "Property").map(reported).map(Summary::detail),
        (What::PropertySet, _) => members(object, "Property").map(pairs).map(Summary::detail),
        (What::Command, _) => named(object, "Input"),
        (What::Event, _) => named(object, "Output"),
        (What::Ota, _) => upgrade::summary(object),
        (What::Shadow, path) if path.starts_with("shadow/") => Some(shadow::summary(object)),
        (What::Shadow, path) => desired(path, object),
        (What::System, path) => asked(path),
        (What::Reply | What::CommandReply | What::PropertySetReply, path) => Some(result(path, object)),
        _ => None,
    });
    said.unwrap_or_else(|| Summary::detail(body.words()))
}

/// Whether the secret came, and why not; never the secret.
fn password(payload: &[u8]) -> Summary {
    let body = Body::read(payload);
    let object = body.object();
    let code = object.and_then(|object| line::code(object.get("RetCode")));
    let mut detail = Line::default();
    detail.result(code, code.and_then(code_words), None);
    if object.is_some_and(|object| object.contains_key("Password")) {
        detail.word("with a secret, which is not shown");
    }
    Summary { name: "registration".to_owned(), detail: detail.finish(), failed: code != Some(0) }
}

/// What the device asks of the platform, where the body holds no more than an id.
fn asked(path: &str) -> Option<Summary> {
    let name = match path {
        "password" => "registration",
        "tmodel/template/get" => "template",
        "tmodel/property/restore" => "last reported properties",
        _ => return None,
    };
    Some(Summary { name: name.to_owned(), ..Summary::default() })
}

/// `desired/get` and `desired/delete`.
fn desired(path: &str, object: &Object) -> Option<Summary> {
    let mut detail = Line::default();
    if path.ends_with("/get") {
        for name in object.get("Require")?.as_array()? {
            detail.value(name);
        }
    } else {
        versions(members(object, "Delete")?, &mut detail);
    }
    let name = if path.ends_with("/get") { "desired" } else { "delete desired" };
    Some(Summary { name: name.to_owned(), detail: detail.finish(), failed: false })
}

fn members<'a>(object: &'a Object, name: &str) -> Option<&'a Object> {
    object.get(name)?.as_object()
}

/// Properties; a report has each in an object, perhaps with its time.
fn reported(properties: &Object) -> String {
    let mut detail = Line::default();
    detail.pairs_by(properties, |value| value.get("Value").unwrap_or(value));
    detail.finish()
}

fn pairs(object: &Object) -> String {
    let mut detail = Line::default();
    detail.pairs(object);
    detail.finish()
}

/// Properties with their versions: `temperature=21 v3`.
fn versions(properties: &Object, detail: &mut Line) {
    for (name, of) in properties {
        match of.get("Value") {
            Some(value) => detail.pair(name, value),
            None => detail.word(name),
        }
        if let Some(version) = line::code(of.get("Version")) {
            detail.word(&format!("v{version}"));
        }
    }
}

/// A command or an event: its identifier and its parameters.
fn named(object: &Object, parameters: &str) -> Option<Summary> {
    let name = object.get("Identifier")?.as_str()?;
    let detail = members(object, parameters).map(pairs);
    // Without parameters the name says it all.
    Some(Summary { name: bounded(name), detail: detail.unwrap_or_default(), failed: false })
}

/// `0 success`, then the message where it says more, then what came back.
fn result(path: &str, object: &Object) -> Summary {
    let code = line::code(object.get("RetCode"));
    let mut detail = Line::default();
    detail.result(code, code.and_then(code_words), object.get("Message"));
    if let Some(output) = members(object, "Output") {
        detail.pairs(output);
    }
    if let Some(wanted) = members(object, "Desired") {
        versions(wanted, &mut detail);
    }
    if let Some(properties) = members(object, "Property").filter(|_| path == "tmodel/property/restore_reply") {
        detail.pairs_by(properties, |value| value.get("Value").unwrap_or(value));
    }
    if let Some(template) = members(object, "Template") {
        let count = |key: &str| template.get(key).and_then(Value::as_array).map_or(0, Vec::len);
        let (properties, events, commands) = (count("Property"), count("Event"), count("Command"));
        detail.word(&format!("{properties} properties, {events} events, {commands} commands"));
    }
    let name = match path {
        "tmodel/template/get_reply" => "template".to_owned(),
        "tmodel/property/restore_reply" => "last reported properties".to_owned(),
        "tmodel/property/desired/get_reply" => "desired".to_owned(),
        "tmodel/property/desired/delete_reply" => "delete desired".to_owned(),
        // Only the answer to a command names what it answers.
        _ => object.get("Identifier").and_then(Value::as_str).map(bounded).unwrap_or_default(),
    };
    Summary { name, detail: detail.finish(), failed: code.is_some_and(|code| code != 0) }
}
