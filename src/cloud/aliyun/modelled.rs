//! Where a product's TSL stands in what an Aliyun device says, and which code a mistake earns.
//!
//! Source of the codes: Aliyun's "Error codes for devices".

use serde_json::{Map, Value, json};

use super::topics::{self, Route};
use super::{bodies, codes, request};
use crate::cloud::modelled::{Form, Group, Misfit, Modelled, Of, Said};
use crate::cloud::{Asked, Direction, Draft};
use crate::event::What;
use crate::model::json::{Node, pointer_step};
use crate::model::{Model, Service, Type, Wrong, example_of};
use crate::profile::AliyunIdentity;

/// No post has more properties.
const MOST: usize = 200;

/// The code of success in an answer.
const SUCCESS: &str = "200";

/// A value stands as it is, or under this name beside its time.
const FORM: Form = Form::Either("value");

/// The parts of a body that the model describes. What a gateway says for its sub-devices is of other products.
pub(super) fn modelled<'m>(
    device: &AliyunIdentity,
    model: &'m Model,
    said: &Said<'_>,
    body: &Node<'_>,
) -> Modelled<'m> {
    let route = topics::route(Direction::Up, said.topic);
    if route.target(device).is_some() {
        return Modelled::default();
    }
    match (route.what, route.path) {
        (What::PropertyReport, "thing/event/property/post") => properties(model, body, "/params"),
        (What::PropertyReport, "thing/event/property/history/post") => history(device, model, body),
        (What::PropertyReport, "thing/event/property/pack/post") => {
            let mut modelled = properties(model, body, "/params/properties");
            modelled.join(events(model, body, "/params/events"));
            modelled
        }
        (What::Event, _) => event(model, &route, body),
        (What::CommandReply | What::PropertyGetReply, _) => {
            said.asked.map_or_else(Modelled::default, |asked| answer(device, model, &asked, body))
        }
        _ => Modelled::default(),
    }
}

fn properties<'m>(model: &'m Model, body: &Node<'_>, at: &str) -> Modelled<'m> {
    let services: Vec<&Service> = model.services.iter().collect();
    let mut modelled = Modelled::group(Group::properties(at.to_owned(), FORM, &services, true));
    if let Some(params) = body.pointer(at).filter(|params| params.members().len() > MOST) {
        let count = params.members().len();
        let rule = format!("must have at most {MOST} properties (has {count})");
        modelled.misfits.push(Misfit { at: params.start, rule, code: code(6106) });
    }
    modelled
}

/// `{"identity"?, "properties": [{…}], "events": [{…}]}` for each device.
fn history<'m>(device: &AliyunIdentity, model: &'m Model, body: &Node<'_>) -> Modelled<'m> {
    let mut modelled = Modelled::default();
    for (place, entry) in body.get("params").map(Node::items).unwrap_or_default().iter().enumerate() {
        let is = |key: &str, own: &str| entry.pointer(&format!("/identity/{key}")).and_then(Node::text) == Some(own);
        let is_own = is("productKey", &device.product_key) && is("deviceName", &device.device_name);
        if entry.get("identity").is_some() && !is_own {
            continue;
        }
        for at in 0..entry.get("properties").map_or(0, |list| list.items().len()) {
            modelled.join(properties(model, body, &format!("/params/{place}/properties/{at}")));
        }
        for at in 0..entry.get("events").map_or(0, |list| list.items().len()) {
            modelled.join(events(model, body, &format!("/params/{place}/events/{at}")));
        }
    }
    modelled
}

/// `{event: {"value": {…}, "time"}}`.
fn events<'m>(model: &'m Model, body: &Node<'_>, at: &str) -> Modelled<'m> {
    let mut modelled = Modelled::default();
    for member in body.pointer(at).map(Node::members).unwrap_or_default() {
        let at = format!("{at}/{}/value", pointer_step(&member.name));
        modelled.join(match model.event(&member.name) {
            Some(event) => Modelled::group(Group::fields(at, Of::Event, &*event.id, &event.outputs)),
            None => Modelled::misfit(unknown_event(member.at)),
        });
    }
    modelled
}

/// An event's outputs are in `value`, beside its time; older SDKs send them directly.
fn event<'m>(model: &'m Model, route: &Route<'_>, body: &Node<'_>) -> Modelled<'m> {
    let Some(event) = model.event(route.name) else { return Modelled::misfit(unknown_event(body.start)) };
    let params = body.get("params").map(Node::members).unwrap_or_default();
    let is_direct = !params.is_empty() && params.iter().all(|member| member.name != "value");
    let at = if is_direct { "/params" } else { "/params/value" };
    Modelled::group(Group::fields(at.to_owned(), Of::Event, &*event.id, &event.outputs))
}

fn unknown_event(at: usize) -> Misfit {
    Misfit { at, rule: "is no event of the model".to_owned(), code: code(5160) }
}

fn answer<'m>(device: &AliyunIdentity, model: &'m Model, asked: &Asked<'_>, body: &Node<'_>) -> Modelled<'m> {
    // An answer that says what failed carries nothing else.
    if body.get("code").and_then(Node::word).is_some_and(|code| code != SUCCESS) {
        return Modelled::default();
    }
    let route = topics::route(Direction::Down, asked.topic);
    let at = "/data".to_owned();
    if route.what == What::PropertyGet {
        let services: Vec<&Service> = model.services.iter().collect();
        return Modelled::group(Group { of: Of::Answer, ..Group::properties(at, Form::Bare, &services, true) });
    }
    let name = request::request(device, &route, asked.payload).name;
    // An RRPC on a custom topic calls no service.
    let command = model.command("", &name);
    command.map_or_else(Modelled::default, |command| {
        Modelled::group(Group::fields(at, Of::Answer, &*command.id, &command.outputs))
    })
}

/// What the cloud answers to such a mistake. What is wrong in an answer is told to who asked, not to the device.
pub(super) fn misfit_code(of: Of, wrong: Wrong, wanted: Type) -> Option<(i64, &'static str)> {
    code(match (of, wrong, wanted) {
        (Of::Answer, ..) => return None,
        (Of::Properties, Wrong::Unknown, _) => 6320,
        (Of::Event, Wrong::Unknown, _) => 6304,
        (_, Wrong::Missing, _) => 6302,
        (_, _, Type::Int | Type::Long) => 6306,
        (_, _, Type::Float) => 6307,
        (_, _, Type::Bool) => 6308,
        (_, _, Type::Enum) => 6309,
        (_, _, Type::Text) => 6310,
        (_, _, Type::Date) => 6311,
        (_, _, Type::Struct | Type::Json) => 6312,
        (_, _, Type::Double) => 6322,
        (_, _, Type::Array | Type::TextList) => 6324,
        (_, _, Type::Any) => return None,
    })
}

fn code(code: i64) -> Option<(i64, &'static str)> {
    codes::platform_code(code).map(|words| (code, words))
}

/// Reports of all properties, as many as a post may have in each; and every event.
pub(super) fn drafts(device: &AliyunIdentity, model: &Model, serial: u64) -> Vec<Draft> {
    let values: Vec<(String, Value)> = model
        .services
        .iter()
        .flat_map(|service| service.reports().map(move |property| (service, property)))
        .map(|(service, property)| (service.qualified(&property.id), property.data.example()))
        .collect();
    let parts = values.len().div_ceil(MOST);
    let mut drafts = Vec::new();
    for (part, values) in values.chunks(MOST).enumerate() {
        let label = match parts {
            1 => "model: report of all properties".to_owned(),
            _ => format!("model: report of all properties, part {} of {parts}", part + 1),
        };
        let params = values.iter().cloned().collect::<Map<_, _>>();
        drafts.push(Draft { label, ..bodies::report(device, serial, &params.into()) });
    }
    let events = model.services.iter().flat_map(|service| service.events.iter().map(move |event| (service, event)));
    drafts.extend(events.map(|(service, event)| {
        let id = service.qualified(&event.id);
        let body = json!({
            "id": bodies::id(serial), "version": "1.0", "sys": { "ack": 1 },
            "params": { "value": example_of(&event.outputs), "time": serial },
            "method": format!("thing.event.{id}.post")
        });
        let topic = format!("/sys/{}/{}/thing/event/{id}/post", device.product_key, device.device_name);
        Draft::json(format!("model: event {id}"), What::Event, topic, &body)
    }));
    drafts
}
