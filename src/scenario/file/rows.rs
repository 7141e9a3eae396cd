//! The data rows of a scenario: a CSV file whose first line names the columns.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serde_json::Value;

use super::no_data;
use crate::config::table::Table;
use crate::scenario::plan::Row;
use crate::scenario::value::text::is_name;

/// As many runs as anybody waits for,
const MOST_ROWS: usize = 100_000;
/// as large a table as anybody writes, in bytes,
const LARGEST: u64 = 16 << 20;
/// in columns
const MOST_COLUMNS: usize = 1_000;
/// and cells, for an empty one is a single byte there,
const MOST_CELLS: usize = 2_000_000;
/// and as long a name of a column, in bytes.
const LONGEST_NAME: usize = 64;

/// The rows of the file that `data` names; a single row without columns where there is none. `None`: the table is faulty, and the
/// report says how.
pub(super) fn rows(top: &Table<'_>, folder: &Path) -> Option<Vec<Row>> {
    let Some(name) = top.word("data") else {
        return top.raw("data").is_none().then(no_data);
    };
    let path = folder.join(&name.value);
    match read(&path) {
        Ok(rows) => Some(rows),
        Err(words) => {
            top.report.fault(name.at, format!("`data` of {}: {}: {words}", top.what, path.display()));
            None
        }
    }
}

fn read(path: &Path) -> Result<Vec<Row>, String> {
    let mut text = String::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    file.take(LARGEST + 1).read_to_string(&mut text).map_err(|error| error.to_string())?;
    if text.len() as u64 > LARGEST {
        return Err(format!("it is larger than {} MiB", LARGEST >> 20));
    }
    parse(&text)
}

/// Reads the rows of a table; the error names the line.
fn parse(text: &str) -> Result<Vec<Row>, String> {
    // Spreadsheets begin UTF-8 with a byte order mark.
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::Headers).from_reader(text.as_bytes());
    let names: Vec<String> = reader.headers().map_err(|error| error.to_string())?.iter().map(str::to_owned).collect();
    if names.len() > MOST_COLUMNS {
        return Err(format!("it has more than {MOST_COLUMNS} columns"));
    }
    for (place, name) in names.iter().enumerate() {
        if !is_name(name) {
            return Err(format!("column {} is called `{name}`: a name has letters, digits, `_` and `-`", place + 1));
        }
        if name.len() > LONGEST_NAME {
            return Err(format!("the name of column {} is longer than {LONGEST_NAME} bytes", place + 1));
        }
        if names.iter().take(place).any(|other| other == name) {
            return Err(format!("two columns are called `{name}`"));
        }
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        if rows.len() == MOST_ROWS {
            return Err(format!("it has more than {MOST_ROWS} rows"));
        }
        if (rows.len() + 1) * names.len() > MOST_CELLS {
            return Err(format!("it has more than {MOST_CELLS} cells"));
        }
        let columns = names.iter().cloned().zip(record.iter().map(cell)).collect();
        rows.push(Row { number: Some(rows.len() + 1), columns });
    }
    if rows.is_empty() {
        return Err("it has no rows below its columns".to_owned());
    }
    Ok(rows)
}

/// A cell that reads as a number of JSON, or as true or false, is that; any other is a text.
fn cell(text: &str) -> Value {
    match serde_json::from_str::<Value>(text) {
        Ok(value @ (Value::Number(_) | Value::Bool(_))) => value,
        _ => Value::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cells_keep_what_they_look_like() {
        let rows = parse("\u{FEFF}level, mode ,id\n60,true,007\n1.50,\"a,b\",\n").unwrap();
        let of =
            |values: [Value; 3]| ["level", "mode", "id"].map(str::to_owned).into_iter().zip(values).collect::<Vec<_>>();
        assert_eq!(rows[0], Row { number: Some(1), columns: of([json!(60), json!(true), json!("007")]) });
        assert_eq!(rows[1], Row { number: Some(2), columns: of([json!(1.5), json!("a,b"), json!("")]) });
    }

    #[test]
    fn a_faulty_table_says_where() {
        let header = |columns: usize| (0..columns).map(|place| format!("c{place}")).collect::<Vec<_>>().join(",");
        for (text, said) in [
            ("", "no rows"),
            ("a,b\n", "no rows"),
            ("a,a\n1,2\n", "two columns are called `a`"),
            ("a,1b\n1,2\n", "column 2"),
            ("a,b\n1,2\n3\n", "line: 3"),
            (&format!("{}\n1\n", "a".repeat(65)), "column 1 is longer than 64 bytes"),
            (&format!("{}\n{}", header(1_000), format!("{}\n", ",".repeat(999)).repeat(2_001)), "2000000 cells"),
            (&header(1_001), "more than 1000 columns"),
        ] {
            let fault = parse(text).unwrap_err();
            assert!(fault.contains(said), "{said}: {fault}");
        }
    }
}
