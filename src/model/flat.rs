//! The models of clouds without services: Aliyun's TSL, full and simplified, and UCloud's templates.
//!
//! Both have properties, events and calls with typed parameters, and differ in spelling, in how a moment is written, and in
//! what stands around it. A simplified TSL leaves out names, specifications and, of outputs, everything but identifiers.

use std::cell::Cell;
use std::collections::HashMap;

use super::archive::{self, Archive};
use super::data::{Data, DateForm, Field, Range};
use super::json::{Node, Shape};
use super::reader::{Reader, flag, present, words};
use super::{Command, Event, Fault, MOST, Model, Property, Service, too_many};

/// How one cloud spells it.
pub(super) struct Spelling {
    /// What the whole may stand in.
    around: &'static str,
    properties: &'static str,
    events: &'static str,
    commands: &'static str,
    id: &'static str,
    name: &'static str,
    access: &'static str,
    required: &'static str,
    data: &'static str,
    kind: &'static str,
    specs: &'static str,
    bounds: [&'static str; 3],
    /// The first that there is.
    units: [&'static str; 2],
    length: &'static str,
    size: &'static str,
    item: &'static str,
    inputs: &'static str,
    outputs: &'static str,
    /// Where the modules are: groups of their own beside what belongs to none. A cloud that has them keeps some names of
    /// services and events for itself.
    modules: Option<&'static str>,
    /// Whether a number without a decimal point is taken for an int.
    point: bool,
    date: DateForm,
}

/// Aliyun's TSL.
pub(super) const ALIYUN: Spelling = Spelling {
    around: "data",
    properties: "properties",
    events: "events",
    commands: "services",
    id: "identifier",
    name: "name",
    access: "accessMode",
    required: "required",
    data: "dataType",
    kind: "type",
    specs: "specs",
    bounds: ["min", "max", "step"],
    units: ["unit", "unitName"],
    length: "length",
    size: "size",
    item: "item",
    inputs: "inputData",
    outputs: "outputData",
    modules: Some("functionBlocks"),
    point: true,
    date: DateForm::TextMs,
};

/// UCloud's template.
pub(super) const UCLOUD: Spelling = Spelling {
    around: "Template",
    properties: "Property",
    events: "Event",
    commands: "Command",
    id: "Identifier",
    name: "Name",
    access: "AccessMode",
    required: "Required",
    data: "DataType",
    kind: "Type",
    specs: "Spec",
    bounds: ["Min", "Max", "Step"],
    units: ["UnitName", "Unit"],
    length: "Length",
    size: "Size",
    item: "Item",
    inputs: "Input",
    outputs: "Output",
    modules: None,
    point: false,
    date: DateForm::NumberMs,
};

/// Whether a file's name ends so, in whichever case.
fn has_ending(file: &str, ending: &str) -> bool {
    let at = file.len().checked_sub(ending.len());
    at.and_then(|at| file.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(ending))
}

pub(super) fn read(name: &str, bytes: &[u8], spelling: &Spelling) -> Result<Model, Fault> {
    let (place, text) = if archive::is_archive(bytes) {
        let mut archive = Archive::open(name, bytes)?;
        let mut files = archive.names().filter(|file| has_ending(file, ".json")).map(str::to_owned);
        let (Some(file), None) = (files.next(), files.next()) else {
            return Err(Fault::new(name, "is an archive that does not hold exactly one JSON file"));
        };
        drop(files);
        (archive.place(&file), archive.text(&file)?)
    } else {
        (name.to_owned(), archive::text(name, bytes.to_vec())?)
    };
    let reader = Reader::new(&place, &text)?;
    Walk { reader: &reader, spelling, left: Cell::new(MOST) }.model()
}

/// A walk through one file.
struct Walk<'a> {
    reader: &'a Reader<'a>,
    spelling: &'a Spelling,
    /// What may still be copied of properties that parameters only name, in types, members and choices.
    left: Cell<usize>,
}

/// The properties of a service by their identifiers.
type Known<'a> = HashMap<&'a str, &'a Data>;

impl Walk<'_> {
    fn model(&self) -> Result<Model, Fault> {
        let Spelling { around, properties, events, commands, .. } = self.spelling;
        let root = self.reader.root()?;
        let inner = root.get(around).filter(|inner| matches!(inner.shape, Shape::Object(_)));
        let top = inner.unwrap_or(root);
        let blocks = self.spelling.modules.map_or(Ok(&[][..]), |name| self.reader.list(top, name))?;
        let known = [properties, events, commands];
        if blocks.is_empty() && known.iter().all(|name| top.get(name).is_none()) {
            let what = format!("is no product model: it has none of `{properties}`, `{events}`, `{commands}`");
            return Err(self.reader.fault(top.start, what));
        }
        let mut services = vec![self.service(top, String::new())?];
        for block in blocks {
            let id = self.reader.id(self.reader.object(block, "a module")?, "functionBlockId")?;
            services.push(self.service(block, id)?);
        }
        let title = root.get("profile").map(|profile| words(profile, "productKey"));
        Ok(Model { title: title.unwrap_or_default(), services })
    }

    fn service(&self, node: &Node<'_>, id: String) -> Result<Service, Fault> {
        let Spelling { properties, events, commands, .. } = self.spelling;
        let list = |name| self.reader.list(node, name);
        let properties = list(properties)?.iter().map(|node| self.property(node));
        let properties = properties.collect::<Result<Vec<_>, _>>()?;
        // Of several by one name the first counts.
        let known: Known<'_> = properties.iter().rev().map(|known| (known.id.as_str(), &known.data)).collect();
        let events = list(events)?.iter().map(|node| self.event(node, &known));
        let events = events.filter(|event| event.as_ref().map_or(true, |event| !self.is_report(&event.id)));
        let events = events.collect::<Result<_, _>>()?;
        let commands = list(commands)?.iter().filter(|node| !self.is_reserved(node));
        let commands = commands.map(|node| self.command(node, &known)).collect::<Result<_, _>>()?;
        Ok(Service { id, properties, events, commands })
    }

    /// The services `set` and `get` of a TSL are the writing and reading of its properties.
    fn is_reserved(&self, node: &Node<'_>) -> bool {
        self.spelling.modules.is_some()
            && matches!(node.get(self.spelling.id).and_then(Node::text), Some("set" | "get"))
    }

    /// The event `post` of a TSL is the property report.
    fn is_report(&self, event: &str) -> bool {
        self.spelling.modules.is_some() && event == "post"
    }

    fn property(&self, node: &Node<'_>) -> Result<Property, Fault> {
        let field = self.field(node, &Known::new())?;
        let access = words(node, self.spelling.access);
        let may = |letter| access.is_empty() || access.contains(letter);
        Ok(Property {
            id: field.id,
            name: field.name,
            data: field.data,
            required: field.required,
            readable: may('r'),
            writable: may('w'),
        })
    }

    fn event(&self, node: &Node<'_>, known: &Known<'_>) -> Result<Event, Fault> {
        let id = self.reader.id(self.reader.object(node, "an event")?, self.spelling.id)?;
        Ok(Event {
            id,
            name: words(node, self.spelling.name),
            kind: words(node, self.spelling.kind),
            outputs: self.fields(node, self.spelling.outputs, known)?,
        })
    }

    fn command(&self, node: &Node<'_>, known: &Known<'_>) -> Result<Command, Fault> {
        let id = self.reader.id(self.reader.object(node, "a service or command")?, self.spelling.id)?;
        Ok(Command {
            id,
            name: words(node, self.spelling.name),
            synchronous: words(node, "callType") != "async",
            inputs: self.fields(node, self.spelling.inputs, known)?,
            outputs: self.fields(node, self.spelling.outputs, known)?,
            reply: String::new(),
        })
    }

    fn fields(&self, node: &Node<'_>, name: &str, known: &Known<'_>) -> Result<Vec<Field>, Fault> {
        self.reader.list(node, name)?.iter().map(|node| self.field(node, known)).collect()
    }

    /// A parameter. A simplified TSL has its identifier alone, which then may be that of a property.
    fn field(&self, node: &Node<'_>, known: &Known<'_>) -> Result<Field, Fault> {
        if let Some(id) = node.text() {
            let data = known.get(id).copied();
            let left = self.left.get().checked_sub(data.map_or(1, Data::size));
            self.left.set(left.ok_or_else(|| self.reader.fault(node.start, too_many()))?);
            let data = data.cloned().unwrap_or(Data::Any);
            return Ok(Field { id: id.to_owned(), name: String::new(), data, required: false });
        }
        let id = self.reader.id(self.reader.object(node, "a property or parameter")?, self.spelling.id)?;
        let data = present(node, self.spelling.data).map_or(Ok(Data::Any), |data| self.data(data))?;
        let name = words(node, self.spelling.name);
        Ok(Field { id, name, data, required: flag(node, self.spelling.required) })
    }

    /// What `{type, specs}` stands for; the type alone, as text, is taken as well.
    fn data(&self, node: &Node<'_>) -> Result<Data, Fault> {
        let kind = present(node, self.spelling.kind).unwrap_or(node);
        // What has no specifications has no members either.
        let specs = present(node, self.spelling.specs).unwrap_or(kind);
        Ok(match kind.text() {
            Some("int" | "int32") => self.int(specs, false)?,
            Some("long" | "int64") => self.int(specs, true)?,
            Some("float" | "float32") => self.float(specs, false)?,
            Some("double" | "float64") => self.float(specs, true)?,
            Some("text" | "string") => {
                let longest = self.reader.size(specs, self.spelling.length)?;
                Data::Text { longest, bytes: true, choices: Vec::new() }
            }
            Some("bool") => Data::Bool { numeric: true, labels: ["0", "1"].map(|form| words(specs, form)) },
            Some("enum") => Data::Enum(self.choices(specs)?),
            Some("date") => Data::Date(self.spelling.date),
            Some("struct") => {
                let fields = specs.items().iter().map(|node| self.field(node, &Known::new()));
                Data::Struct(fields.collect::<Result<_, _>>()?)
            }
            Some("array") => {
                let item = present(specs, self.spelling.item);
                let item = item.map_or(Ok(Data::Any), |item| self.data(item))?;
                Data::Array { longest: self.reader.size(specs, self.spelling.size)?, item: Box::new(item) }
            }
            _ => {
                let what = format!("the type {} is unknown", kind.raw.get(..40).unwrap_or(kind.raw));
                return Err(self.reader.fault(kind.start, what));
            }
        })
    }

    fn int(&self, specs: &Node<'_>, wide: bool) -> Result<Data, Fault> {
        let whole = if wide { (i64::MIN, i64::MAX) } else { (i32::MIN.into(), i32::MAX.into()) };
        let range = self.reader.int_range(specs, self.spelling.bounds, whole)?;
        Ok(Data::Int { wide, range: Range { unit: self.unit(specs), ..range } })
    }

    fn float(&self, specs: &Node<'_>, double: bool) -> Result<Data, Fault> {
        let most = if double { f64::MAX } else { f32::MAX.into() };
        let range = self.reader.float_range(specs, self.spelling.bounds, most)?;
        Ok(Data::Float { double, point: self.spelling.point, range: Range { unit: self.unit(specs), ..range } })
    }

    fn unit(&self, specs: &Node<'_>) -> String {
        let units = self.spelling.units.map(|name| words(specs, name));
        units.into_iter().find(|unit| !unit.is_empty()).unwrap_or_default()
    }

    fn choices(&self, specs: &Node<'_>) -> Result<Vec<(i64, String)>, Fault> {
        let choice = |member: &super::json::Member<'_>| {
            let number = member.name.trim().parse().map_err(|_| {
                self.reader.fault(member.at, format!("an enum has whole numbers, and `{}` is none", member.name))
            })?;
            Ok((number, member.value.word().unwrap_or_default().to_owned()))
        };
        specs.members().iter().map(choice).collect()
    }
}
