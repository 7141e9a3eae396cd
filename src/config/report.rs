//! What is wrong with a config: faults with their places, gathered so that one run tells them all.

use std::cell::{Cell, RefCell};
use std::ops::Range;

/// A fault and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Bytes of the source.
    pub(crate) at: Range<usize>,
    /// What is wrong, in words for a person; never a secret's value.
    pub(crate) message: String,
}

/// A key of the table that starts at a byte of the source.
type Slot = (usize, String);

/// Faults and warnings gathered while a config is walked.
#[derive(Debug, Default)]
pub(crate) struct Report {
    faults: RefCell<Vec<Fault>>,
    missing: RefCell<Vec<(Slot, Fault)>>,
    /// Keys that an unknown one was taken for.
    meant: RefCell<Vec<Slot>>,
    warnings: RefCell<Vec<String>>,
    holds_secret: Cell<bool>,
    secrets_are_harmless: Cell<bool>,
}

impl Report {
    /// Notes a fault at a place of the source.
    pub(crate) fn fault(&self, at: Range<usize>, message: impl Into<String>) {
        self.faults.borrow_mut().push(Fault { at, message: message.into() });
    }

    /// Notes that a table, at a place of the source, lacks a key. It is not told where an unknown key of that table was
    /// probably meant for it: one slip, one fault.
    pub(crate) fn missing(&self, table: Range<usize>, key: &str, message: String) {
        let slot = (table.start, key.to_owned());
        self.missing.borrow_mut().push((slot, Fault { at: table, message }));
    }

    /// Notes that an unknown key of the table that starts at `table` was probably meant for `key`.
    pub(crate) fn meant(&self, table: usize, key: &str) {
        self.meant.borrow_mut().push((table, key.to_owned()));
    }

    /// Notes what will probably not work.
    pub(crate) fn warn(&self, message: impl Into<String>) {
        self.warnings.borrow_mut().push(message.into());
    }

    /// Notes that the file itself holds a secret.
    pub(crate) fn secret_found(&self) {
        self.holds_secret.set(true);
    }

    /// Notes that secrets in the file open nothing but the embedded platform.
    pub(crate) fn secrets_are_harmless(&self) {
        self.secrets_are_harmless.set(true);
    }

    /// Whether the file itself holds a secret that is worth guarding.
    pub(crate) fn holds_secret(&self) -> bool {
        self.holds_secret.get() && !self.secrets_are_harmless.get()
    }

    /// The faults, in the file's order, and the warnings.
    pub(crate) fn into_parts(self) -> (Vec<Fault>, Vec<String>) {
        let meant = self.meant.into_inner();
        let mut faults = self.faults.into_inner();
        let missing = self.missing.into_inner().into_iter();
        faults.extend(missing.filter(|(slot, _)| !meant.contains(slot)).map(|(_, fault)| fault));
        faults.sort_by_key(|fault| fault.at.start);
        (faults, self.warnings.into_inner())
    }
}
