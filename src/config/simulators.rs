//! A device's `[[device.simulator]]` tables: how its properties move, and the columns of CSV files that they follow.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::plan::is_of;
use super::table::{At, Table};
use super::{choice, json, units};
use crate::behaviour::simulator::{Order, Simulator, Then, Wave};
use crate::cloud::Property;
use crate::profile::Cloud;

const KEYS: [&str; 6] = ["name", "enabled", "period", "jitter", "on_change", "properties"];
const WAVES: [&str; 6] = ["constant", "ramp", "sine", "walk", "list", "csv"];
const THEN: [(&str, Then); 3] = [("wrap", Then::Wrap), ("bounce", Then::Bounce), ("stop", Then::Stop)];
const ORDERS: [(&str, Order); 3] = [("cycle", Order::Cycle), ("once", Order::Once), ("random", Order::Random)];
/// The shortest and the longest period.
const PERIODS: std::ops::RangeInclusive<Duration> = Duration::from_millis(10)..=Duration::from_hours(24 * 7);
/// No CSV file of values is larger, in bytes.
const LARGEST: u64 = 16 << 20;
/// A double has no more decimal places.
const PLACES: i64 = 15;

/// The simulators of a device; `folder` is what the paths of files start from.
pub(super) fn simulators(device: &Table<'_>, folder: &Path) -> Vec<Simulator> {
    let cloud = choice::CLOUDS.iter().find(|(_, cloud)| is_of(device, *cloud)).map(|(_, cloud)| *cloud);
    let mut simulators: Vec<Simulator> = Vec::new();
    for table in device.tables("simulator", "a simulator") {
        table.refuse_unknown(&KEYS);
        let Some(simulator) = simulator(&table, cloud, folder) else { continue };
        if simulators.iter().any(|other| other.name == simulator.name) {
            let at = table.raw("name").map_or_else(|| table.place(), toml::Spanned::span);
            table.report.fault(at, format!("{} has two simulators called `{}`", device.what, simulator.name));
        }
        simulators.push(simulator);
    }
    simulators
}

fn simulator(table: &Table<'_>, cloud: Option<Cloud>, folder: &Path) -> Option<Simulator> {
    if table.raw("name").is_none() {
        table.missing("name", "how you call it, such as \"weather\"");
    }
    let name = table.word("name");
    let enabled = table.boolean("enabled").is_none_or(|flag| flag.value);
    let on_change = table.boolean("on_change").is_some_and(|flag| flag.value);
    let period = if table.raw("period").is_none() {
        Some(Duration::from_secs(5))
    } else {
        units::duration(table, "period", PERIODS).map(|period| period.value)
    };
    let jitter =
        if table.raw("jitter").is_none() { Some(0.0) } else { table.number("jitter", 0.0..=1.0).map(|at| at.value) };
    let properties = properties(table, cloud, folder);
    Some(Simulator { name: name?.value, enabled, period: period?, jitter: jitter?, on_change, properties: properties? })
}

fn properties(table: &Table<'_>, cloud: Option<Cloud>, folder: &Path) -> Option<Vec<(Property, Wave)>> {
    const WANTED: &str = "what it reports, such as { temperature = { wave = \"sine\", mean = 21.0, amplitude = 3.0, period = \"10min\" } }";
    if table.raw("properties").is_none() {
        table.missing("properties", WANTED);
    }
    let properties = table.table("properties", "`properties`")?;
    let read = |name: At<&str>| {
        let what = format!("the property `{}`", name.value);
        let property = Property::parse(name.value);
        let fault = cloud.and_then(|cloud| property.check(cloud).err());
        if let Some(words) = fault {
            properties.report.fault(name.at, words);
        }
        let wave = properties.table(name.value, &what)?;
        Some((property, self::wave(&wave, folder)?))
    };
    let all: Vec<Option<(Property, Wave)>> = properties.keys().map(read).collect();
    if all.is_empty() {
        properties.report.fault(properties.place(), format!("{} reports nothing: it has no properties", table.what));
        return None;
    }
    all.into_iter().collect()
}

fn wave(table: &Table<'_>, folder: &Path) -> Option<Wave> {
    if table.raw("wave").is_none() {
        table.missing("wave", "one of \"constant\", \"ramp\", \"sine\", \"walk\", \"list\", \"csv\"");
    }
    let word = table.choice("wave", &WAVES.map(|word| (word, word)))?.value;
    let known: &[&str] = match word {
        "constant" => &["wave", "value"],
        "ramp" => &["wave", "from", "to", "step", "then", "places"],
        "sine" => &["wave", "mean", "amplitude", "period", "places"],
        "walk" => &["wave", "start", "step", "min", "max", "places"],
        "list" => &["wave", "values", "order"],
        _ => &["wave", "file", "column", "order"],
    };
    table.refuse_unknown(known);
    let number = |key: &str| {
        if table.raw(key).is_none() {
            table.missing(key, "a number");
        }
        table.number(key, f64::MIN..=f64::MAX).map(|at| at.value)
    };
    let places = table.integer("places", 0, PLACES).and_then(|places| u8::try_from(places.value).ok());
    let order = table.choice("order", &ORDERS).map(|order| order.value).unwrap_or_default();
    match word {
        "constant" => {
            if table.raw("value").is_none() {
                table.missing("value", "what is reported");
            }
            json::value(table, table.raw("value")?).map(Wave::Constant)
        }
        "ramp" => ramp(table, (number("from"), number("to"), number("step")), places),
        "sine" => {
            let (mean, amplitude) = (number("mean"), number("amplitude"));
            if table.raw("period").is_none() {
                table.missing("period", "one whole turn, such as \"10min\"");
            }
            let period = units::duration(table, "period", PERIODS);
            let places = places.unwrap_or_else(|| most_places(table, &["mean", "amplitude"]));
            Some(Wave::Sine { mean: mean?, amplitude: amplitude?, period: period?.value, places })
        }
        "walk" => walk(table, (number("start"), number("step"), number("min"), number("max")), places),
        "list" => {
            if table.raw("values").is_none() {
                table.missing("values", "the values, such as [1, 2, 3]");
            }
            let value = table.raw("values")?;
            match json::value(table, value)? {
                Value::Array(values) if !values.is_empty() => {
                    Some(Wave::List { values: values.into(), order, word: "list" })
                }
                _ => {
                    table.fault_at(value.span(), "values", "a list with at least one value");
                    None
                }
            }
        }
        _ => column(table, folder).map(|values| Wave::List { values, order, word: "csv" }),
    }
}

fn ramp(
    table: &Table<'_>,
    (from, to, step): (Option<f64>, Option<f64>, Option<f64>),
    places: Option<u8>,
) -> Option<Wave> {
    let then = table.choice("then", &THEN).map(|then| then.value).unwrap_or_default();
    let places = places.unwrap_or_else(|| most_places(table, &["from", "to", "step"]));
    Some(Wave::Ramp { from: from?, to: to?, step: positive(table, "step", step?)?, then, places })
}

type Bounds = (Option<f64>, Option<f64>, Option<f64>, Option<f64>);

fn walk(table: &Table<'_>, (start, step, min, max): Bounds, places: Option<u8>) -> Option<Wave> {
    let places = places.unwrap_or_else(|| most_places(table, &["start", "step", "min", "max"]));
    let (start, min, max) = (start?, min?, max?);
    let step = positive(table, "step", step?)?;
    if min > max || !(min..=max).contains(&start) {
        table.report.fault(table.key_place("start"), format!("{}: `start` must lie from `min` to `max`", table.what));
        return None;
    }
    Some(Wave::Walk { start, step, min, max, places })
}

fn positive(table: &Table<'_>, key: &str, number: f64) -> Option<f64> {
    if number > 0.0 {
        return Some(number);
    }
    table.fault_at(table.key_place(key), key, "a number above 0");
    None
}

/// As many decimal places as the numbers of the wave are written with.
fn most_places(table: &Table<'_>, keys: &[&str]) -> u8 {
    let places = |key: &&str| match table.raw(key).map(toml::Spanned::get_ref) {
        Some(toml::de::DeValue::Float(number)) => {
            let written = number.as_str().split_once('.').map_or(0, |(_, places)| places.len());
            u8::try_from(written).unwrap_or(u8::MAX).min(15)
        }
        _ => 0,
    };
    keys.iter().map(places).max().unwrap_or(0)
}

/// The values of a column, as JSON where they are numbers or booleans, else as text. Empty cells are passed over.
fn column(table: &Table<'_>, folder: &Path) -> Option<Arc<[Value]>> {
    for (key, why) in [("file", "a CSV file with a first line of names"), ("column", "the name of a column")] {
        if table.raw(key).is_none() {
            table.missing(key, why);
        }
    }
    let (file, column) = (table.word("file"), table.word("column"));
    let (file, column) = (file?, column?);
    match values(&folder.join(&file.value), &column.value) {
        Ok(values) => Some(values.into()),
        Err(why) => {
            table.report.fault(file.at, format!("{}: {}: {why}", table.what, file.value));
            None
        }
    }
}

fn values(path: &Path, column: &str) -> Result<Vec<Value>, String> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| format!("the file could not be opened: {error}"))?;
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| format!("the file could not be read: {error}"))?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("the file is larger than {} MiB", LARGEST >> 20));
    }
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes.as_slice());
    let names = reader.headers().map_err(|error| error.to_string())?.clone();
    let place = names.iter().position(|name| name == column).ok_or_else(|| {
        let there = names.iter().collect::<Vec<_>>().join(", ");
        format!("it has no column `{column}`; there are {there}")
    })?;
    let mut values = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let cell = record.get(place).unwrap_or_default();
        if !cell.is_empty() {
            values.push(cell_value(cell));
        }
    }
    if values.is_empty() { Err(format!("its column `{column}` holds no value")) } else { Ok(values) }
}

/// A cell that is a number or a boolean by JSON's rules is one.
fn cell_value(cell: &str) -> Value {
    match serde_json::from_str(cell) {
        Ok(value @ (Value::Number(_) | Value::Bool(_))) => value,
        _ => Value::String(cell.to_owned()),
    }
}

#[cfg(test)]
mod tests;
