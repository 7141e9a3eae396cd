//! Where a product's model stands in what a UCloud device says, and what a mistake earns.
//!
//! Source of the codes: UCloud's list of return codes.

use serde_json::json;

use super::{bodies, codes, request, topics};
use crate::cloud::Draft;
use crate::cloud::modelled::{Form, Group, Misfit, Modelled, Of, Said};
use crate::event::What;
use crate::model::json::Node;
use crate::model::{Model, Service, Wrong, example_of};
use crate::profile::UcloudIdentity;

/// The code of success in an answer.
const SUCCESS: &str = "0";

/// The parts of a body that the model describes.
pub(super) fn modelled<'m>(model: &'m Model, said: &Said<'_>, body: &Node<'_>) -> Modelled<'m> {
    let route = topics::route(said.topic);
    let services: Vec<&Service> = model.services.iter().collect();
    match route.path {
        "tmodel/property/post" => {
            Modelled::group(Group::properties("/Property".to_owned(), Form::Inside("Value"), &services, true))
        }
        "tmodel/event/post" => event(model, body),
        "shadow/upstream" => {
            // To delete a value is to write `null` in its place.
            let deletes = body.get("Method").and_then(Node::text) == Some("delete");
            let at = "/State/Reported".to_owned();
            if deletes {
                Modelled::default()
            } else {
                Modelled::group(Group::properties(at, Form::Bare, &services, true))
            }
        }
        _ if route.what == What::CommandReply => answer(model, said, body),
        _ => Modelled::default(),
    }
}

fn event<'m>(model: &'m Model, body: &Node<'_>) -> Modelled<'m> {
    let Some(name) = body.get("Identifier") else {
        return Modelled::misfit(Misfit { at: body.start, rule: "must have `Identifier`".to_owned(), code: code(230) });
    };
    match name.text().and_then(|name| model.event(name)) {
        Some(event) => Modelled::group(Group::fields("/Output".to_owned(), Of::Event, &*event.id, &event.outputs)),
        None => Modelled::misfit(Misfit {
            at: name.start,
            rule: "is no event of the model".to_owned(),
            code: code(100_047),
        }),
    }
}

fn answer<'m>(model: &'m Model, said: &Said<'_>, body: &Node<'_>) -> Modelled<'m> {
    let Some(asked) = said.asked else { return Modelled::default() };
    // An answer that says what failed carries nothing else.
    if body.get("RetCode").and_then(Node::word).is_some_and(|code| code != SUCCESS) {
        return Modelled::default();
    }
    let name = request::request(What::Command, asked.payload).name;
    let Some(command) = model.command("", &name) else { return Modelled::default() };
    Modelled::group(Group::fields("/Output".to_owned(), Of::Answer, &*command.id, &command.outputs))
}

/// What the cloud answers to such a mistake.
pub(super) fn misfit_code(of: Of, wrong: Wrong) -> Option<(i64, &'static str)> {
    code(match (of, wrong) {
        (Of::Answer, _) => 100_041,
        (Of::Properties, Wrong::Unknown) => 100_058,
        (Of::Event, Wrong::Unknown) => 100_038,
        (_, Wrong::Type | Wrong::Range | Wrong::Missing) => 230,
    })
}

fn code(code: i64) -> Option<(i64, &'static str)> {
    codes::code_words(code).map(|words| (code, words))
}

/// A report of all properties, and every event.
pub(super) fn drafts(device: &UcloudIdentity, model: &Model, serial: u64) -> Vec<Draft> {
    let mut drafts = Vec::new();
    let properties =
        model.services.iter().flat_map(|service| service.reports().map(move |property| (service, property)));
    let values: serde_json::Map<_, _> = properties
        .map(|(service, property)| (service.qualified(&property.id), json!({ "Value": property.data.example() })))
        .collect();
    if !values.is_empty() {
        let report = bodies::report(device, serial, &values.into());
        drafts.push(Draft { label: "model: report of all properties".to_owned(), ..report });
    }
    let topic = format!("/$system/{}/{}/tmodel/event/post", device.product_sn, device.device_sn);
    let events = model.services.iter().flat_map(|service| service.events.iter().map(move |event| (service, event)));
    drafts.extend(events.map(|(service, event)| {
        let id = service.qualified(&event.id);
        let body = json!({ "RequestID": serial.to_string(), "Identifier": id, "Output": example_of(&event.outputs) });
        Draft::json(format!("model: event {id}"), What::Event, topic.clone(), &body)
    }));
    drafts
}
