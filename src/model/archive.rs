//! The files of a zip archive, as bytes.
//!
//! What lives here: finding and inflating the few files that a model needs, within bounds. What may not: what they say.

use std::collections::HashMap;
use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::Fault;

/// No archive inflates to more, in bytes.
const LARGEST: u64 = 64 << 20;

/// An archive whose directory was read.
pub(super) struct Archive<'a> {
    name: &'a str,
    zip: ZipArchive<Cursor<&'a [u8]>>,
    /// The names of its files, with forward slashes, by their place in the directory.
    names: Vec<String>,
    /// The places by name: an archive may hold a hundred thousand files, and name each as often.
    places: HashMap<String, usize>,
    /// What may still be inflated.
    left: u64,
}

/// Whether a file is an archive, by its first bytes: those of a file's header, or of an empty archive's end.
pub(super) fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

impl<'a> Archive<'a> {
    /// Reads the directory of an archive that the user calls `name`.
    pub(super) fn open(name: &'a str, bytes: &'a [u8]) -> Result<Self, Fault> {
        let damaged = |error: &dyn std::fmt::Display| Fault::new(name, format!("is a damaged zip archive: {error}"));
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
        // A sum that is not declared shows when the files are inflated.
        if zip.decompressed_size().is_some_and(|size| size > LARGEST.into()) {
            return Err(too_large(name));
        }
        let names: Result<Vec<String>, _> =
            zip.file_names().map(|name| name.map(|name| name.replace('\\', "/"))).collect();
        let names = names.map_err(|error| damaged(&error))?;
        // Of several by one name the first counts.
        let places = names.iter().enumerate().rev().map(|(place, name)| (name.clone(), place)).collect();
        Ok(Self { name, zip, names, places, left: LARGEST })
    }

    /// The names of its files, with forward slashes; what macOS adds and folders are left out.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.names.iter().map(String::as_str);
        names.filter(|name| !name.ends_with('/') && !name.starts_with("__MACOSX/"))
    }

    /// Whether it holds that file.
    pub(super) fn has(&self, file: &str) -> bool {
        self.places.contains_key(file)
    }

    /// The place of a file, as faults tell it.
    pub(super) fn place(&self, file: &str) -> String {
        format!("{}/{file}", self.name)
    }

    /// The text of a file; without the byte order mark that some editors put before it.
    pub(super) fn text(&mut self, file: &str) -> Result<String, Fault> {
        let place = self.place(file);
        let index = self.places.get(file).copied();
        let index = index.ok_or_else(|| Fault::new(&place, "is not in the archive"))?;
        let damaged = |error: &dyn std::fmt::Display| Fault::new(&place, format!("cannot be read: {error}"));
        let entry = self.zip.by_index(index).map_err(|error| damaged(&error))?;
        let mut bytes = Vec::new();
        let read = entry.take(self.left + 1).read_to_end(&mut bytes).map_err(|error| damaged(&error))?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| too_large(self.name))?;
        text(&place, bytes)
    }
}

/// The bytes of a file as text; without the byte order mark that some editors put before it.
pub(super) fn text(place: &str, bytes: Vec<u8>) -> Result<String, Fault> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = memchr::memchr_iter(b'\n', error.as_bytes().get(..good).unwrap_or_default()).count() + 1;
        Fault::new(format!("{place}:{line}"), "is not UTF-8, as JSON must be")
    })?;
    Ok(text.strip_prefix('\u{FEFF}').map_or_else(|| text.clone(), str::to_owned))
}

fn too_large(name: &str) -> Fault {
    Fault::new(name, format!("inflates to more than {} MiB", LARGEST >> 20))
}
