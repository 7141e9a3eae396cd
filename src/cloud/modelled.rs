//! What a product's model says of a message of the device: what is wrong with it, and the fields of a form for it.
//!
//! What lives here: walking over the parts of a body that a cloud's folder points out, for both uses. What may not: where
//! those parts stand and which code a mistake earns (each cloud's `modelled`), and the rules of types (`model`).

use std::borrow::Cow;

use super::{Asked, Platform};
use crate::model::json::{Node, Shape, Tree, pointer_step};
use crate::model::{Breach, Data, Field, Model, Property, Service, Type, Wrong};

/// So many findings are told of one body: a person mends one after the other.
const MOST_FINDINGS: usize = 100;

/// A message of the device that is not sent yet.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// Where it goes.
    pub topic: &'a str,
    /// Its body as it is written; not packed.
    pub body: &'a str,
    /// The request that it answers, if it is an answer.
    pub asked: Option<Asked<'a>>,
}

/// Something in a body that the model does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about: `params.temperature`; empty for the body as a whole. Untrusted text.
    pub path: String,
    /// The line and the character in it, both from 1.
    pub place: (usize, usize),
    /// The rule: `must be ≤ 100 (is 120)`. Untrusted text.
    pub rule: String,
    /// The code with which the cloud would answer, and its words; `None`: the cloud says nothing.
    pub code: Option<(i64, &'static str)>,
}

/// One value of a body, as a form shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct FormField {
    /// Where its value stands in the body, as a JSON pointer (RFC 6901); there need not be one yet.
    pub pointer: String,
    /// What it belongs to: a service, an event or a command; may be empty. Untrusted text.
    pub group: String,
    /// Its identifier. Untrusted text.
    pub id: String,
    /// What people call it; may be empty. Untrusted text.
    pub name: String,
    /// What it can be.
    pub data: Data,
    /// Whether the cloud wants it to be there.
    pub required: bool,
}

/// What of a body a model knows.
#[derive(Debug, Default)]
pub struct Modelled<'m> {
    /// The objects whose members the model describes.
    pub(super) groups: Vec<Group<'m>>,
    /// What is wrong beside them.
    pub(super) misfits: Vec<Misfit>,
}

/// What the members of a group are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Properties of the device.
    Properties,
    /// What an event carries.
    Event,
    /// What an answer carries.
    Answer,
}

/// How a value stands under its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As it is.
    Bare,
    /// As it is, or as this member beside a time (`time`).
    Either(&'static str),
    /// As this member of an object.
    Inside(&'static str),
}

/// An object in a body whose members the model describes.
#[derive(Debug)]
pub(super) struct Group<'m> {
    /// Where it stands, as a JSON pointer.
    pub(super) at: String,
    /// What it belongs to.
    pub(super) title: Cow<'m, str>,
    pub(super) of: Of,
    pub(super) form: Form,
    pub(super) slots: Vec<Slot<'m>>,
}

/// A member that the model describes.
#[derive(Debug)]
pub(super) struct Slot<'m> {
    pub(super) id: Cow<'m, str>,
    pub(super) name: &'m str,
    pub(super) data: &'m Data,
    pub(super) required: bool,
    /// Whether the device says it at all; what the platform alone writes is in no report.
    pub(super) is_said: bool,
}

/// Something that is wrong beside the members of a group.
#[derive(Debug)]
pub(super) struct Misfit {
    /// The byte of the body.
    pub(super) at: usize,
    pub(super) rule: String,
    pub(super) code: Option<(i64, &'static str)>,
}

/// What `model` finds wrong with a message of the device; nothing where it is no JSON or nothing that the model describes. At
/// most 100, in the order of the body.
pub fn findings(platform: &dyn Platform, model: &Model, said: &Said<'_>) -> Vec<Finding> {
    // That a body is no JSON is told by who checks JSON.
    let Ok(tree) = Tree::read(said.body) else { return Vec::new() };
    let modelled = platform.modelled(model, said, &tree.root);
    let mut misfits = modelled.misfits;
    for group in &modelled.groups {
        group.check(platform, &tree.root, &mut misfits);
    }
    misfits.sort_by_key(|misfit| misfit.at);
    let finding = |misfit: Misfit| Finding {
        path: tree.path(misfit.at),
        place: tree.place(misfit.at),
        rule: misfit.rule,
        code: misfit.code,
    };
    misfits.into_iter().take(MOST_FINDINGS).map(finding).collect()
}

/// The values that `model` knows of in a message of the device, those that are not written yet included; nothing where the body
/// is no JSON or nothing that the model describes.
pub fn form(platform: &dyn Platform, model: &Model, said: &Said<'_>) -> Vec<FormField> {
    // A body that is no JSON has no places for values.
    let Ok(tree) = Tree::read(said.body) else { return Vec::new() };
    let groups = platform.modelled(model, said, &tree.root).groups;
    groups.iter().flat_map(|group| group.fields_of(&tree.root)).collect()
}

impl<'m> Modelled<'m> {
    /// One group and nothing wrong beside it.
    pub(super) fn group(group: Group<'m>) -> Self {
        Self { groups: vec![group], misfits: Vec::new() }
    }

    /// Something wrong and no group.
    pub(super) fn misfit(misfit: Misfit) -> Self {
        Self { groups: Vec::new(), misfits: vec![misfit] }
    }

    /// Adds what else there is.
    pub(super) fn join(&mut self, other: Self) {
        self.groups.extend(other.groups);
        self.misfits.extend(other.misfits);
    }
}

impl<'m> Group<'m> {
    /// The properties of services, as the device reports them; `qualified`: with the module before their names.
    pub(super) fn properties(at: String, form: Form, services: &[&'m Service], qualified: bool) -> Self {
        let name = |service: &'m Service, property: &'m Property| {
            if qualified { Cow::Owned(service.qualified(&property.id)) } else { Cow::Borrowed(property.id.as_str()) }
        };
        let slot = |service: &'m Service, property: &'m Property| Slot {
            id: name(service, property),
            name: &property.name,
            data: &property.data,
            // A report may leave out what did not change.
            required: false,
            is_said: property.readable,
        };
        let slots =
            services.iter().flat_map(|service| service.properties.iter().map(|property| slot(service, property)));
        let title = match services {
            [service] => Cow::Borrowed(service.id.as_str()),
            _ => Cow::Borrowed(""),
        };
        Self { at, title, of: Of::Properties, form, slots: slots.collect() }
    }

    /// What an event or an answer carries.
    pub(super) fn fields(at: String, of: Of, title: impl Into<Cow<'m, str>>, fields: &'m [Field]) -> Self {
        let slot = |field: &'m Field| Slot {
            id: Cow::Borrowed(field.id.as_str()),
            name: &field.name,
            data: &field.data,
            required: field.required,
            is_said: true,
        };
        Self { at, title: title.into(), of, form: Form::Bare, slots: fields.iter().map(slot).collect() }
    }

    fn slot(&self, id: &str) -> Option<&Slot<'m>> {
        self.slots.iter().find(|slot| slot.id == id)
    }

    fn check(&self, platform: &dyn Platform, root: &Node<'_>, misfits: &mut Vec<Misfit>) {
        let Some(object) = root.pointer(&self.at) else { return };
        if !matches!(object.shape, Shape::Object(_)) {
            let code = platform.misfit_code(self.of, Wrong::Type, Type::Struct);
            misfits.push(Misfit { at: object.start, rule: format!("must be an object, not {}", object.kind()), code });
            return;
        }
        for member in object.members() {
            let Some(slot) = self.slot(&member.name) else {
                let code = platform.misfit_code(self.of, Wrong::Unknown, Type::Any);
                misfits.push(Misfit { at: member.at, rule: "is not in the model".to_owned(), code });
                continue;
            };
            if !slot.is_said {
                let rule = "is written by the platform alone, and not reported".to_owned();
                misfits.push(Misfit { at: member.at, rule, code: None });
                continue;
            }
            let Some(value) = self.form.value(slot.data, &member.value) else {
                let code = platform.misfit_code(self.of, Wrong::Type, Type::Struct);
                let rule = format!("must be an object with `{}`", self.form.member().unwrap_or_default());
                misfits.push(Misfit { at: member.value.start, rule, code });
                continue;
            };
            let mut breaches = Vec::new();
            slot.data.check(value, &mut breaches);
            misfits.extend(breaches.into_iter().map(|breach| self.misfit(platform, breach)));
        }
        for slot in self.slots.iter().filter(|slot| slot.required && object.get(&slot.id).is_none()) {
            let code = platform.misfit_code(self.of, Wrong::Missing, slot.data.kind());
            misfits.push(Misfit { at: object.start, rule: format!("must have `{}`", slot.id), code });
        }
    }

    fn misfit(&self, platform: &dyn Platform, breach: Breach) -> Misfit {
        // What is unknown or missing inside a value is a parameter, whatever the value is of.
        let code = match (self.of, breach.wrong) {
            (Of::Properties, wrong @ (Wrong::Unknown | Wrong::Missing)) => {
                platform.misfit_code(Of::Event, wrong, breach.wanted)
            }
            (of, wrong) => platform.misfit_code(of, wrong, breach.wanted),
        };
        Misfit { at: breach.at, rule: breach.rule, code }
    }

    fn fields_of<'s>(&'s self, root: &'s Node<'_>) -> impl Iterator<Item = FormField> + 's {
        let object = root.pointer(&self.at);
        self.slots.iter().filter(|slot| slot.is_said).map(move |slot| {
            let name = pointer_step(&slot.id);
            let value = object.and_then(|object| object.get(&slot.id));
            let inside = match self.form {
                Form::Bare => None,
                Form::Inside(member) => Some(member),
                Form::Either(member) => value.filter(|value| is_wrapped(slot.data, value, member)).map(|_| member),
            };
            let inside = inside.map(|member| format!("/{member}")).unwrap_or_default();
            FormField {
                pointer: format!("{}/{name}{inside}", self.at),
                group: self.title.to_string(),
                id: slot.id.to_string(),
                name: slot.name.to_owned(),
                data: slot.data.clone(),
                required: slot.required,
            }
        })
    }
}

impl Form {
    fn member(self) -> Option<&'static str> {
        match self {
            Self::Bare => None,
            Self::Either(member) | Self::Inside(member) => Some(member),
        }
    }

    /// The value itself; `None`: it does not stand as it should.
    fn value<'v, 'a>(self, data: &Data, value: &'v Node<'a>) -> Option<&'v Node<'a>> {
        match self {
            Self::Inside(member) => value.get(member),
            Self::Either(member) if is_wrapped(data, value, member) => value.get(member),
            Self::Either(_) | Self::Bare => Some(value),
        }
    }
}

/// Whether a value stands inside an object beside its time. A struct may have members of these names itself.
fn is_wrapped(data: &Data, value: &Node<'_>, member: &str) -> bool {
    let own = match data {
        Data::Struct(fields) => fields.iter().any(|field| field.id == member),
        _ => false,
    };
    !own && value.get(member).is_some()
        && value.members().iter().all(|part| part.name == member || part.name.eq_ignore_ascii_case("time"))
}

#[cfg(test)]
mod tests;
