//! Huawei's profile archives.
//!
//! `profile/devicetype-capability.json` names the services of a device type, and `service/{type}/profile/
//! servicetype-capability.json` says what each service has. Source: the samples of Huawei's own device SDK.

use super::archive::{self, Archive};
use super::data::{Data, DateForm, Field, Range};
use super::json::Node;
use super::reader::{Reader, flag, present, words};
use super::{Command, Event, Fault, Kind, MOST, Model, Property, Service, too_many};

/// The file that says which services there are.
const DEVICE: &str = "profile/devicetype-capability.json";

/// How the bounds of a number are spelt.
const BOUNDS: [&str; 3] = ["min", "max", "step"];

pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Model, Fault> {
    if !archive::is_archive(bytes) {
        let other = Model::read(name, bytes, Kind::Aliyun).is_ok_and(|model| model.counts() != (0, 0, 0));
        let hint = if other { "; this looks like Aliyun's TSL" } else { "" };
        return Err(Fault::new(name, format!("is no zip archive, which Huawei's product models are{hint}")));
    }
    let mut archive = Archive::open(name, bytes)?;
    // Archives made by hand have a folder around it all.
    let device = archive.names().filter(|file| is_device(file)).min_by_key(|file| file.len()).map(str::to_owned);
    let Some(device) = device else {
        return Err(Fault::new(name, format!("holds no {DEVICE}, so it is no product model")));
    };
    let root = device.strip_suffix(DEVICE).unwrap_or_default().to_owned();
    let text = archive.text(&device)?;
    let place = archive.place(&device);
    let reader = Reader::new(&place, &text)?;
    let top = reader.root()?;
    let Some(device) = reader.list(top, "devices")?.first() else {
        return Err(reader.fault(top.start, "`devices` is missing or empty"));
    };
    reader.object(device, "a device")?;
    let mut model = Model { title: title(device), services: Vec::new() };
    let mut parts = 0;
    for listed in reader.list(device, "serviceTypeCapabilities")? {
        let id = reader.id(reader.object(listed, "a service")?, "serviceId")?;
        let kind = reader.id(listed, "serviceType")?;
        let file = format!("{root}service/{kind}/profile/servicetype-capability.json");
        if !archive.has(&file) {
            return Err(reader.fault(listed.start, format!("the service type `{kind}` has no {file} in the archive")));
        }
        let text = archive.text(&file)?;
        let place = archive.place(&file);
        model.services.push(service(&Reader::new(&place, &text)?, id, &kind)?);
        parts += model.services.last().map_or(0, Service::size);
        if parts > MOST {
            return Err(reader.fault(listed.start, too_many()));
        }
    }
    Ok(model)
}

fn is_device(file: &str) -> bool {
    let Some(root) = file.strip_suffix(DEVICE) else { return false };
    root.is_empty() || (root.ends_with('/') && !root.contains("service/"))
}

fn title(device: &Node<'_>) -> String {
    let words = ["manufacturerName", "model", "deviceType"].map(|name| words(device, name));
    let words: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

fn service(reader: &Reader<'_>, id: String, kind: &str) -> Result<Service, Fault> {
    let top = reader.root()?;
    let listed = reader.list(top, "services")?;
    let named = listed.iter().find(|service| service.get("serviceType").and_then(Node::text) == Some(kind));
    let Some(node) = named.or(listed.first().filter(|_| listed.len() == 1)) else {
        return Err(reader.fault(top.start, format!("`services` has no service of the type `{kind}`")));
    };
    reader.object(node, "a service")?;
    let properties = reader.list(node, "properties")?.iter().map(|node| property(reader, node));
    let events = reader.list(node, "events")?.iter().map(|node| event(reader, node));
    let commands = reader.list(node, "commands")?.iter().map(|node| command(reader, node));
    Ok(Service {
        id,
        properties: properties.collect::<Result<_, _>>()?,
        events: events.collect::<Result<_, _>>()?,
        commands: commands.collect::<Result<_, _>>()?,
    })
}

fn property(reader: &Reader<'_>, node: &Node<'_>) -> Result<Property, Fault> {
    let field = field(reader, node, "propertyName")?;
    let method = words(node, "method");
    // A model that does not say lets all be done.
    let may = |letters: &[char]| method.is_empty() || method.contains(letters);
    Ok(Property {
        id: field.id,
        name: field.name,
        data: field.data,
        required: field.required,
        readable: may(&['R', 'E']),
        writable: may(&['W']),
    })
}

fn event(reader: &Reader<'_>, node: &Node<'_>) -> Result<Event, Fault> {
    reader.object(node, "an event")?;
    let key = if node.get("eventType").is_some() { "eventType" } else { "eventName" };
    let id = reader.id(node, key)?;
    Ok(Event { id, name: String::new(), kind: String::new(), outputs: paras(reader, node)? })
}

fn command(reader: &Reader<'_>, node: &Node<'_>) -> Result<Command, Fault> {
    let id = reader.id(reader.object(node, "a command")?, "commandName")?;
    let response = reader.list(node, "responses")?.first();
    let reply = response.map(|response| words(response, "responseName")).unwrap_or_default();
    let outputs = response.map_or_else(|| Ok(Vec::new()), |response| paras(reader, response))?;
    Ok(Command { id, name: String::new(), synchronous: true, inputs: paras(reader, node)?, outputs, reply })
}

fn paras(reader: &Reader<'_>, node: &Node<'_>) -> Result<Vec<Field>, Fault> {
    reader.list(node, "paras")?.iter().map(|node| field(reader, node, "paraName")).collect()
}

fn field(reader: &Reader<'_>, node: &Node<'_>, key: &str) -> Result<Field, Fault> {
    let id = reader.id(reader.object(node, "a property or parameter")?, key)?;
    let data = data(reader, node)?;
    Ok(Field { id, name: words(node, "description"), data, required: flag(node, "required") })
}

fn data(reader: &Reader<'_>, node: &Node<'_>) -> Result<Data, Fault> {
    let Some(kind) = present(node, "dataType") else { return Ok(Data::Any) };
    let word = kind.text().unwrap_or_default();
    let plain: String = word.to_lowercase().split(' ').collect();
    // 0 is what the tools write where there is no limit.
    let longest = reader.size(node, "maxLength")?.filter(|longest| *longest > 0);
    Ok(match plain.as_str() {
        "int" => int(reader, node, false)?,
        "long" => int(reader, node, true)?,
        "decimal" => {
            let range = Range { unit: unit(node), ..reader.float_range(node, BOUNDS, f64::MAX)? };
            Data::Float { double: true, point: false, range }
        }
        "string" | "enum" => {
            let choices = choices(reader, node)?;
            // A closed set needs no length.
            let longest = longest.filter(|_| choices.is_empty());
            Data::Text { longest, bytes: false, choices }
        }
        "datetime" => Data::Date(DateForm::Compact),
        // Not even `{}` would fit into less.
        "jsonobject" => Data::Json { longest: longest.filter(|longest| *longest >= 2) },
        "boolean" => Data::Bool { numeric: false, labels: <[String; 2]>::default() },
        "stringlist" => Data::TextList { longest },
        _ => {
            let known = "int, long, decimal, string, DateTime, jsonObject, enum, boolean, string list";
            return Err(reader.fault(kind.start, format!("`dataType` must be one of {known}, not {}", kind.raw)));
        }
    })
}

fn int(reader: &Reader<'_>, node: &Node<'_>, wide: bool) -> Result<Data, Fault> {
    let whole = if wide { (i64::MIN, i64::MAX) } else { (i32::MIN.into(), i32::MAX.into()) };
    let range = Range { unit: unit(node), ..reader.int_range(node, BOUNDS, whole)? };
    Ok(Data::Int { wide, range })
}

fn unit(node: &Node<'_>) -> String {
    words(node, "unit")
}

fn choices(reader: &Reader<'_>, node: &Node<'_>) -> Result<Vec<String>, Fault> {
    let listed = reader.list(node, "enumList")?;
    let choice = |node: &Node<'_>| {
        let text = node.text().map(str::to_owned);
        text.ok_or_else(|| reader.fault(node.start, format!("`enumList` must hold texts, not {}", node.kind())))
    };
    listed.iter().map(choice).collect()
}
