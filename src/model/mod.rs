//! Product models: what a cloud knows of the devices of a product.
//!
//! What lives here: reading Huawei's profile archives, Aliyun's TSL and UCloud's templates into one shape, the types with
//! their words and examples, holding values against them, and JSON with places. What may not: files (the bytes are handed
//! over), a cloud's topics, and its codes. Names and units come from a file and are untrusted text.

mod archive;
mod check;
mod data;
pub mod edit;
mod flat;
mod huawei;
pub mod json;
mod reader;
#[cfg(test)]
pub(crate) mod tests;

use std::fmt;

pub use check::{Breach, Wrong, check_fields};
pub use data::{Data, DateForm, Field, Range, Type, example_of};

/// No model's file is larger, in bytes.
pub const LARGEST: usize = 16 << 20;

/// No model has more properties, parameters, members and choices.
const MOST: usize = 100_000;

/// Whose form a model has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A profile archive (zip) of Huawei `IoTDA`.
    Huawei,
    /// A TSL of Aliyun, full or simplified; as JSON, or as an archive that holds one JSON file.
    Aliyun,
    /// A template of UCloud, with or without the outer `Template`; as JSON, or as an archive that holds one JSON file.
    Ucloud,
}

/// A product's model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    /// What the file calls the product; may be empty.
    pub title: String,
    /// Its services. Clouds without services have one without id, and Aliyun's modules beside it.
    pub services: Vec<Service>,
}

/// A group of properties, events and commands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Service {
    /// Its id: Huawei's service id, Aliyun's module; empty for what belongs to none.
    pub id: String,
    /// Its properties.
    pub properties: Vec<Property>,
    /// What the device may tell.
    pub events: Vec<Event>,
    /// What the platform may ask of the device: commands, services.
    pub commands: Vec<Command>,
}

/// A property.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    /// Its identifier.
    pub id: String,
    /// What people call it; may be empty.
    pub name: String,
    /// What it can be.
    pub data: Data,
    /// Whether the product cannot do without it. A report may leave it out all the same.
    pub required: bool,
    /// Whether the device reports it and the platform may ask for it.
    pub readable: bool,
    /// Whether the platform may write it.
    pub writable: bool,
}

/// An event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its identifier.
    pub id: String,
    /// What people call it; may be empty.
    pub name: String,
    /// The cloud's word for its kind, such as `alert`; may be empty.
    pub kind: String,
    /// What it carries.
    pub outputs: Vec<Field>,
}

/// A command or service.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// Its identifier.
    pub id: String,
    /// What people call it; may be empty.
    pub name: String,
    /// Whether the caller waits for the answer.
    pub synchronous: bool,
    /// What it is asked with.
    pub inputs: Vec<Field>,
    /// What the answer carries.
    pub outputs: Vec<Field>,
    /// What the answer is called; empty where answers have no name of their own.
    pub reply: String,
}

/// Why a file is no model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where: the file, inside an archive behind the archive's name; in it line, character and path, as far as there are
    /// any. Untrusted text.
    pub place: String,
    /// What is wrong there, in words for a person. Untrusted text.
    pub what: String,
}

impl Model {
    /// Reads a model from the bytes of a file that the user calls `name`.
    pub fn read(name: &str, bytes: &[u8], kind: Kind) -> Result<Self, Fault> {
        if bytes.len() > LARGEST {
            return Err(Fault::new(name, format!("is larger than {} MiB", LARGEST >> 20)));
        }
        let model = match kind {
            Kind::Huawei => huawei::read(name, bytes),
            Kind::Aliyun => flat::read(name, bytes, &flat::ALIYUN),
            Kind::Ucloud => flat::read(name, bytes, &flat::UCLOUD),
        }?;
        let parts = model.services.iter().map(Service::size).sum::<usize>();
        if parts <= MOST { Ok(model) } else { Err(Fault::new(name, too_many())) }
    }

    /// The service of that id.
    pub fn service(&self, id: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.id == id)
    }

    /// The property called `module:identifier`, or `identifier` where it belongs to no module.
    pub fn property(&self, name: &str) -> Option<&Property> {
        let (service, id) = self.split(name)?;
        service.properties.iter().find(|property| property.id == id)
    }

    /// The event called `module:identifier`, or `identifier` where it belongs to no module.
    pub fn event(&self, name: &str) -> Option<&Event> {
        let (service, id) = self.split(name)?;
        service.events.iter().find(|event| event.id == id)
    }

    /// The command called `module:identifier` or `identifier`, where its service is not known otherwise. An empty module
    /// means whichever service has it.
    pub fn command(&self, service: &str, name: &str) -> Option<&Command> {
        let (service, name) = name.split_once(':').unwrap_or((service, name));
        let mut services = self.services.iter().filter(|known| service.is_empty() || known.id == service);
        services.find_map(|service| service.commands.iter().find(|command| command.id == name))
    }

    /// How many properties, events and commands there are.
    pub fn counts(&self) -> (usize, usize, usize) {
        self.services.iter().fold((0, 0, 0), |(properties, events, commands), service| {
            (properties + service.properties.len(), events + service.events.len(), commands + service.commands.len())
        })
    }

    fn split<'a>(&self, name: &'a str) -> Option<(&Service, &'a str)> {
        let (service, id) = name.split_once(':').unwrap_or(("", name));
        self.service(service).map(|service| (service, id))
    }
}

fn too_many() -> String {
    format!("there are more than {MOST} properties, parameters, members and choices")
}

impl Service {
    /// How many properties, parameters, members and choices are in it, and itself.
    pub(self) fn size(&self) -> usize {
        let fields = |fields: &[Field]| fields.iter().map(|field| field.data.size()).sum::<usize>();
        let properties = self.properties.iter().map(|property| property.data.size()).sum::<usize>();
        let events = self.events.iter().map(|event| 1 + fields(&event.outputs)).sum::<usize>();
        let commands = self.commands.iter().map(|known| 1 + fields(&known.inputs) + fields(&known.outputs));
        1 + properties + events + commands.sum::<usize>()
    }

    /// The properties that the device reports.
    pub fn reports(&self) -> impl Iterator<Item = &Property> {
        self.properties.iter().filter(|property| property.readable)
    }

    /// The name of one of its properties or events in a body that names no service: `module:identifier`.
    pub fn qualified(&self, id: &str) -> String {
        if self.id.is_empty() { id.to_owned() } else { format!("{}:{id}", self.id) }
    }
}

impl Fault {
    /// A long text, such as a file that is one name, is cut: a fault is a line for a person.
    pub(self) fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: data::short(place.into()), what: data::short(what.into()) }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

impl std::error::Error for Fault {}
