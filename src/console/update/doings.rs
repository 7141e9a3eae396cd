//! Keys in the list of what a device does by itself.

use serde_json::Value;

use super::{Effect, Origin, Sending, World, likely_target, orders};
use crate::behaviour::{Control, Standing};
use crate::cloud::Property;
use crate::console::action::Action;
use crate::console::doings::{Doings, Item, items};
use crate::console::line::Line;
use crate::console::panes::popup;
use crate::console::state::{Codes, CodesFor, Overlay, State};
use crate::event::LineState;
use crate::session::{Action as Deed, Handle};
use crate::timeline::SessionId;

/// A value whose JSON has more bytes is not put into the line to be edited.
const LONGEST_VALUE: usize = 2_000;

/// Opens the list of the device that a key means.
pub(super) fn open(state: &mut State, world: &World<'_>) {
    match likely_target(state, world) {
        Some(session) => state.overlay = Some(list(session)),
        None => state.refuse("There is no device that could do something by itself."),
    }
}

/// The list of that session's device.
pub(super) fn list(session: SessionId) -> Overlay {
    Overlay::Doings(Doings::of(session))
}

/// A key while the list is open.
pub(super) fn act(state: &mut State, action: Action, world: &World<'_>) -> Vec<Effect> {
    let Some(Overlay::Doings(doings)) = &state.overlay else { return Vec::new() };
    let session = doings.session;
    let Some(handle) = world.handle(session) else {
        state.overlay = None;
        return Vec::new();
    };
    let standing = handle.standing();
    match action {
        Action::Back => state.overlay = None,
        Action::Move(motion) => {
            let page = popup::page(state.size);
            if let Some(Overlay::Doings(doings)) = &mut state.overlay {
                doings.step(&items(&standing), motion, page);
            }
        }
        Action::Device(place) => {
            match u16::try_from(place).map(SessionId).ok().filter(|id| world.handle(*id).is_some()) {
                Some(session) => state.overlay = Some(list(session)),
                None => state.refuse(&format!("There is no device {}.", place + 1)),
            }
        }
        Action::Accept => {
            let all = items(&standing);
            let chosen = all.get(doings.place(&all)).cloned();
            return chosen.map(|item| switch(state, handle, &standing, item, world)).unwrap_or_default();
        }
        Action::Rules if standing.rules.is_empty() => state.refuse("This device has no rule."),
        Action::Rules => return control(state, session, Control::Rules { on: !standing.rules_on }),
        Action::AskTime => return ask_time(state, handle, world),
        Action::SetProperty => {
            state.overlay = Some(Overlay::Value { session, property: None, line: Line::default() });
        }
        Action::Fail => fail_upgrade(state, handle, &standing),
        // Nothing else is bound to a key of the list.
        _ => {}
    }
    Vec::new()
}

/// Runs the ordered upgrade to its end, or to a failure with that code.
pub(super) fn upgrade(state: &mut State, session: SessionId, failure: Option<i64>, world: &World<'_>) -> Vec<Effect> {
    state.overlay = Some(list(session));
    if !is_online(state, session, world) {
        return Vec::new();
    }
    control(state, session, Control::Upgrade { failure })
}

/// A key while a property's value is typed.
pub(super) fn act_in_value(state: &mut State, action: Action) -> Vec<Effect> {
    let Some(Overlay::Value { session, property, line }) = &state.overlay else { return Vec::new() };
    let session = *session;
    match action {
        Action::Back => {
            let chosen = property.clone().map(Item::Property);
            state.overlay = Some(Overlay::Doings(Doings { session, chosen }));
        }
        Action::Accept => match typed_value(property.as_ref(), line.text()) {
            Ok((property, value)) => {
                let chosen = Some(Item::Property(property.clone()));
                state.overlay = Some(Overlay::Doings(Doings { session, chosen }));
                return control(state, session, Control::Property { property, value });
            }
            Err(why) => state.refuse(&why),
        },
        // Nothing else is bound to a key here.
        _ => {}
    }
    Vec::new()
}

/// What is typed: a value for `property`, or `name = value` where there is none yet.
fn typed_value(property: Option<&Property>, text: &str) -> Result<(Property, Value), String> {
    let (property, text) = if let Some(property) = property {
        (property.clone(), text)
    } else {
        let (name, text) = text.split_once('=').ok_or("Type a property, = and its value.")?;
        (Property::parse(name.trim()), text)
    };
    if property.name.is_empty() {
        return Err("Type a property before the =.".to_owned());
    }
    match serde_json::from_str(text.trim()) {
        Ok(value) => Ok((property, value)),
        Err(_) => Err("The value is no JSON; a text stands in \"…\".".to_owned()),
    }
}

/// What Enter does to the line under the cursor.
fn switch(state: &mut State, handle: &Handle, standing: &Standing, item: Item, world: &World<'_>) -> Vec<Effect> {
    match item {
        Item::Rule(name) => {
            let on = standing.rules.iter().any(|rule| rule.name == name && rule.on);
            control(state, handle.id, Control::Rule { name, on: !on })
        }
        Item::Simulator(name) => {
            let on = standing.simulators.iter().any(|simulator| simulator.name == name && simulator.on);
            control(state, handle.id, Control::Simulator { name, on: !on })
        }
        Item::Upgrade => upgrade(state, handle.id, None, world),
        Item::Clock => ask_time(state, handle, world),
        Item::Property(property) => {
            let value = standing.properties.iter().find(|(known, _)| *known == property).map(|(_, value)| value);
            // What is too long to be edited in a line is typed anew.
            let text = value.map(Value::to_string).filter(|text| text.len() <= LONGEST_VALUE).unwrap_or_default();
            state.overlay =
                Some(Overlay::Value { session: handle.id, property: Some(property), line: Line::new(&text) });
            Vec::new()
        }
    }
}

/// Opens the list of the codes with which the ordered upgrade can fail.
fn fail_upgrade(state: &mut State, handle: &Handle, standing: &Standing) {
    if standing.upgrade.is_none() {
        return state.refuse("The platform has ordered no upgrade.");
    }
    let codes = handle.platform.upgrade_failures();
    state.overlay = Some(Overlay::Codes(Codes::new(CodesFor::Upgrade(handle.id), codes)));
}

fn ask_time(state: &mut State, handle: &Handle, world: &World<'_>) -> Vec<Effect> {
    if handle.platform.ask_time(0, world.now.at).is_none() {
        state.refuse("This cloud has no question for its time.");
        return Vec::new();
    }
    if !is_online(state, handle.id, world) {
        return Vec::new();
    }
    state.tell("The platform is asked for its time.");
    control(state, handle.id, Control::AskTime)
}

fn is_online(state: &mut State, session: SessionId, world: &World<'_>) -> bool {
    let Some(standing) = world.standing(session) else { return false };
    let online = standing.state == LineState::Online;
    if !online {
        state.refuse(&format!("{} is not online: nothing can be sent.", standing.name));
    }
    online
}

fn control(state: &mut State, session: SessionId, control: Control) -> Vec<Effect> {
    let order = orders::number(state, Deed::Own(Box::new(control)));
    vec![Effect::Send(Sending { session, order, what: "switch that", origin: Origin::Doings })]
}
