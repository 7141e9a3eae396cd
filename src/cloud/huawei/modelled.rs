//! Where a product's model stands in what a Huawei device says. The cloud answers no report, so that no mistake earns a code.

use serde_json::{Value, json};

use super::{legacy, request, topics};
use crate::cloud::modelled::{Form, Group, Misfit, Modelled, Of, Said};
use crate::cloud::{Asked, Draft};
use crate::event::{WallTime, What};
use crate::model::json::Node;
use crate::model::{Data, DateForm, Model, Service, example_of};

/// The parts of a body of `device_id` that the model describes. What is said for sub-devices is of other products.
pub(super) fn modelled<'m>(device_id: &str, model: &'m Model, said: &Said<'_>, body: &Node<'_>) -> Modelled<'m> {
    if said.topic.starts_with(legacy::ROOT) {
        return Modelled::default();
    }
    let path = said.topic.split_once("/sys/").map_or("", |(_, path)| path);
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    match topics::route(said.topic).what {
        What::PropertyReport if path == "properties/report" => services(body, |id, at| report(model, id, at)),
        What::PropertyGetReply => services(body, |id, at| report(model, id, at)),
        What::Event if path == "events/up" => {
            let others = body.get("object_device_id").and_then(Node::text).is_some_and(|target| target != device_id);
            if others { Modelled::default() } else { services(body, |service, at| event(model, service, at)) }
        }
        What::CommandReply => said.asked.map_or_else(Modelled::default, |asked| answer(device_id, model, &asked, body)),
        _ => Modelled::default(),
    }
}

/// What `part` says of each service of a body, by the service and the pointer to it.
fn services<'m>(body: &Node<'_>, part: impl Fn(&Node<'_>, &str) -> Modelled<'m>) -> Modelled<'m> {
    let Some(services) = body.get("services") else {
        return Modelled::misfit(wrong(body.start, "must have `services`"));
    };
    let mut all = Modelled::default();
    for (place, service) in services.items().iter().enumerate() {
        all.join(part(service, &format!("/services/{place}")));
        if let Some(time) = service.get("event_time") {
            let mut breaches = Vec::new();
            Data::Date(DateForm::Compact).check(time, &mut breaches);
            all.misfits.extend(breaches.into_iter().map(|breach| wrong(breach.at, &breach.rule)));
        }
    }
    all
}

fn report<'m>(model: &'m Model, service: &Node<'_>, at: &str) -> Modelled<'m> {
    let Some(id) = service.get("service_id") else {
        return Modelled::misfit(wrong(service.start, "must have `service_id`"));
    };
    match id.text().and_then(|id| model.service(id)) {
        Some(known) => Modelled::group(Group::properties(format!("{at}/properties"), Form::Bare, &[known], false)),
        None => Modelled::misfit(wrong(id.start, "is no service of the model")),
    }
}

fn event<'m>(model: &'m Model, service: &Node<'_>, at: &str) -> Modelled<'m> {
    let Some(id) = service.get("service_id") else {
        return Modelled::misfit(wrong(service.start, "must have `service_id`"));
    };
    // The platform's own functions are in no model.
    if id.text().is_some_and(|id| id.starts_with('$') || id == "sub_device_discovery") {
        return Modelled::default();
    }
    let Some(known) = id.text().and_then(|id| model.service(id)) else {
        return Modelled::misfit(wrong(id.start, "is no service of the model"));
    };
    let Some(kind) = service.get("event_type") else {
        return Modelled::misfit(wrong(service.start, "must have `event_type`"));
    };
    match known.events.iter().find(|event| kind.text() == Some(&event.id)) {
        Some(event) => Modelled::group(Group::fields(format!("{at}/paras"), Of::Event, &*event.id, &event.outputs)),
        None => Modelled::misfit(wrong(kind.start, &format!("is no event of the service {}", known.id))),
    }
}

fn answer<'m>(device_id: &str, model: &'m Model, asked: &Asked<'_>, body: &Node<'_>) -> Modelled<'m> {
    // An answer that says what failed carries nothing else.
    if body.get("result_code").is_some_and(|code| code.raw != "0") {
        return Modelled::default();
    }
    let request = request::request(What::Command, device_id, asked);
    let command = model.command(&request.service, &request.name).filter(|_| request.target.is_none());
    let Some(command) = command else { return Modelled::default() };
    let mut modelled = Modelled::group(Group::fields("/paras".to_owned(), Of::Answer, &*command.id, &command.outputs));
    let name = body.get("response_name").filter(|name| name.text() != Some(&command.reply));
    if let Some(name) = name.filter(|_| !command.reply.is_empty()) {
        modelled.misfits.push(wrong(name.start, &format!("must be {} (is {})", command.reply, name.raw)));
    }
    modelled
}

fn wrong(at: usize, rule: &str) -> Misfit {
    Misfit { at, rule: rule.to_owned(), code: None }
}

/// A report of each service and, where there are several, of all; and every event. `serial` is the time in milliseconds.
pub(super) fn drafts(device_id: &str, model: &Model, serial: u64) -> Vec<Draft> {
    let reporting: Vec<&Service> = model.services.iter().filter(|service| service.reports().next().is_some()).collect();
    let mut drafts = Vec::new();
    if reporting.len() > 1 {
        drafts.push(report_draft(device_id, "model: report of all services", &reporting));
    }
    drafts.extend(
        reporting
            .iter()
            .map(|service| report_draft(device_id, &format!("model: report of {}", service.id), &[service])),
    );
    let time =
        request::event_time(WallTime::from_unix_micros(i64::try_from(serial).unwrap_or(0).saturating_mul(1_000)));
    let events = model.services.iter().flat_map(|service| service.events.iter().map(move |event| (service, event)));
    drafts.extend(events.map(|(service, event)| {
        let body = json!({ "object_device_id": device_id, "services": [{
            "service_id": service.id, "event_type": event.id, "event_time": time, "event_id": serial.to_string(),
            "paras": example_of(&event.outputs)
        }] });
        let topic = format!("$oc/devices/{device_id}/sys/events/up");
        Draft::json(format!("model: event {} of {}", event.id, service.id), What::Event, topic, &body)
    }));
    drafts
}

fn report_draft(device_id: &str, label: &str, services: &[&Service]) -> Draft {
    let service = |service: &&Service| {
        let values = service.reports().map(|property| (property.id.clone(), property.data.example()));
        json!({ "service_id": service.id, "properties": values.collect::<Value>() })
    };
    let body = json!({ "services": services.iter().map(service).collect::<Vec<_>>() });
    Draft::json(label, What::PropertyReport, format!("$oc/devices/{device_id}/sys/properties/report"), &body)
}
