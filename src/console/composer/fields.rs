//! Editing the body field by field: what the keys do in the form, and the examples that a product's model has.
//!
//! What may not live here: which fields there are (that is `misfit`) and how an edit keeps the rest of the text (that is
//! `model::edit`).

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;

use super::body::LARGEST;
use super::form::{BESIDE, FormView};
use super::misfit::LONGEST_VALUE;
use super::sheet::Sheet;
use super::{Composer, topic_edit};
use crate::console::action::{Action, Motion, Way};
use crate::console::keymap::{self, Context};
use crate::console::line::{Edit, Line};
use crate::console::theme::Role;
use crate::model::edit::{self, Edited};

/// More work than this, in bytes read, would hold up the keys while examples are filled in.
const MOST_WORK: usize = 256 << 20;

impl Composer {
    /// Whether the form gets the keys.
    pub fn is_form(&self) -> bool {
        self.open.as_ref().is_some_and(|sheet| sheet.form.has_keys)
    }

    /// Whether there is a form for what is composed.
    pub fn has_form(&self) -> bool {
        self.open.as_ref().is_some_and(|sheet| !sheet.form.reading.rows.is_empty())
    }

    /// How many rows the form has where it is seen, on a screen of that width; else none.
    pub fn form_rows(&self, width: u16) -> u16 {
        let seen = self.open.as_ref().map(|sheet| &sheet.form).filter(|form| form.has_keys || width >= BESIDE);
        seen.map_or(0, |form| u16::try_from(form.entries().count()).unwrap_or(u16::MAX))
    }

    /// Brings the form, and what the model finds wrong, up to date with the text.
    pub fn read_model(&mut self) {
        if let Some(sheet) = &mut self.open {
            sheet.look_at_model();
        }
    }

    /// The form and where it stands in `area`, if it is seen.
    pub fn form(&self, area: Rect) -> Option<(Rect, FormView<'_>)> {
        let sheet = self.open.as_ref()?;
        let place = sheet.split(area).form?;
        Some((place, FormView::new(&sheet.form)))
    }

    /// Gives the keys to the form, or back to the text.
    pub fn toggle_form(&mut self) {
        if let Some(sheet) = &mut self.open {
            sheet.toggle_form();
        }
    }

    /// Goes back one step in the form: takes back what is typed, else to the text.
    pub fn leave_form(&mut self) {
        if let Some(sheet) = &mut self.open
            && sheet.form.line.take().is_none()
        {
            sheet.form.has_keys = false;
        }
    }

    /// Moves the form's cursor, unless what is typed cannot be taken.
    pub fn move_in_form(&mut self, motion: Motion) {
        if let Some(sheet) = &mut self.open
            && sheet.settle()
        {
            sheet.note = None;
            sheet.form.step(motion);
            sheet.show_field();
        }
    }

    /// Puts what is typed into the text; where nothing is typed, begins with the value that is there.
    pub fn accept_field(&mut self) {
        if let Some(sheet) = &mut self.open {
            if sheet.form.line.is_some() {
                sheet.settle();
            } else if sheet.form.row().is_some_and(|row| !row.choices().is_empty()) {
                sheet.choose(Way::On);
            } else {
                sheet.begin();
            }
        }
    }

    /// Takes the next or the previous one of the values that are meant; while something is typed, moves in that.
    pub fn choose_in_form(&mut self, way: Way) {
        if let Some(sheet) = &mut self.open {
            match &mut sheet.form.line {
                Some(line) => {
                    line.edit(if way == Way::On { Edit::Right } else { Edit::Left });
                }
                None => sheet.choose(way),
            }
        }
    }

    /// Takes the field out of the text; while something is typed, deletes in that.
    pub fn omit_field(&mut self) {
        if let Some(sheet) = &mut self.open {
            match &mut sheet.form.line {
                Some(line) => {
                    line.edit(Edit::Delete);
                }
                None => sheet.omit(),
            }
        }
    }

    /// Gives every field that has no value its example; where all have one, all.
    pub fn fill(&mut self) {
        if let Some(sheet) = &mut self.open {
            sheet.fill();
        }
    }

    /// A key of the form that no action of the keymap takes.
    pub fn form_key(&mut self, key: KeyEvent) {
        let Some(sheet) = &mut self.open else { return };
        let is_plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        let has_choices = sheet.form.row().is_some_and(|row| !row.choices().is_empty());
        match (&mut sheet.form.line, key.code) {
            (Some(line), _) => {
                if let Some(edit) = topic_edit(key) {
                    line.edit(edit);
                    sheet.note = None;
                }
            }
            (None, KeyCode::Char('u')) if key.modifiers == KeyModifiers::CONTROL => {
                if sheet.body.key(key, 0) {
                    sheet.edited();
                }
            }
            (None, KeyCode::Char(' ')) if is_plain && has_choices => {
                sheet.choose(Way::On);
            }
            (None, KeyCode::Char(letter)) if is_plain => sheet.type_anew(&letter.to_string()),
            (None, _) => {}
        }
    }
}

impl Sheet {
    /// Text that was pasted while the form has the keys.
    pub(super) fn paste_into_field(&mut self, text: &str) {
        match &mut self.form.line {
            Some(line) => line.paste(text),
            None => self.type_anew(text),
        }
    }

    fn type_anew(&mut self, text: &str) {
        self.note = None;
        let mut line = Line::default();
        line.paste(text);
        self.form.line = Some(line);
    }

    fn toggle_form(&mut self) {
        if self.form.has_keys {
            if self.settle() {
                self.form.has_keys = false;
            }
            return;
        }
        self.look_at_model();
        if let Some(words) = self.no_form() {
            return self.say(&words, Role::Waiting);
        }
        self.note = None;
        self.form.has_keys = true;
        self.show_field();
    }

    /// Why there is no form; `None`: there is one.
    fn no_form(&self) -> Option<String> {
        if self.model.is_none() {
            let load = keymap::chord_words(Context::Browse, Action::LoadModel);
            return Some(format!(
                "No form: this device has no product model. `model` in the config names one, {load} outside of the composer loads one"
            ));
        }
        self.form.reading.rows.is_empty().then(|| {
            let list = keymap::chord_words(Context::Compose, Action::Drafts);
            format!("No form: the product model knows no field of this text; {list} lists what it knows")
        })
    }

    /// Has the text show the field under the cursor.
    pub(super) fn show_field(&mut self) {
        if self.form.is_fresh
            && let Some(start) = self.form.row().and_then(|row| Some(row.value.as_ref()?.start))
        {
            self.body.go_to(start);
        }
    }

    /// Begins to type, with the value that is there.
    fn begin(&mut self) {
        let Some(row) = self.form.row() else { return };
        let value = row.value.as_ref().map_or("", |value| value.line.as_str());
        if value.len() > LONGEST_VALUE {
            let form = keymap::chord_words(Context::Compose, Action::Form);
            return self.say(&format!("This value is too long for a line: {form} goes to the text"), Role::Waiting);
        }
        let value = value.to_owned();
        self.type_anew(&value);
    }

    /// Puts what is typed into the text. Answers `false`, and says why, where it cannot be taken: then it stays as it is typed.
    pub(super) fn settle(&mut self) -> bool {
        let Some(line) = &self.form.line else { return true };
        let Some(row) = self.form.row() else {
            self.form.line = None;
            return true;
        };
        match row.to_json(line.text()) {
            Ok(raw) => self.put(&raw) && self.form.line.take().is_some(),
            Err(why) => {
                self.say(&format!("Not taken: {why}; Esc takes it back"), Role::Wrong);
                false
            }
        }
    }

    fn choose(&mut self, way: Way) {
        let Some(row) = self.form.row() else { return };
        let choices = row.choices();
        if choices.is_empty() {
            return self.say("Type a value, or Enter to change the one that is there", Role::Dim);
        }
        let now = row.value.as_ref().and_then(|value| row.to_json(&value.line).ok());
        let place = now.and_then(|now| choices.iter().position(|choice| *choice == now));
        let goal = match (place, way) {
            (None, Way::On) => 0,
            (None, Way::Back) => choices.len() - 1,
            (Some(place), Way::On) => (place + 1) % choices.len(),
            (Some(place), Way::Back) => (place + choices.len() - 1) % choices.len(),
        };
        if let Some(choice) = choices.get(goal) {
            self.put(choice);
        }
    }

    /// Writes a value of the field under the cursor into the text.
    fn put(&mut self, raw: &str) -> bool {
        let Some(pointer) = self.form.row().map(|row| row.pointer.clone()) else { return false };
        if let Some(edited) = edit::set(&self.body.known().text, &pointer, raw) {
            return self.write(&edited);
        }
        let why = "The text has no place for it: it is no JSON, or something else stands where an object should";
        self.say(why, Role::Wrong);
        false
    }

    fn omit(&mut self) {
        let Some(row) = self.form.row() else { return };
        let edited = edit::remove(&self.body.known().text, &row.pointer);
        match edited {
            Some(edited) => drop(self.write(&edited)),
            None => self.say("It is not in the text", Role::Waiting),
        }
    }

    fn write(&mut self, edited: &Edited) -> bool {
        if edited.text.len() > LARGEST {
            self.say("Not taken: the text would get larger than a mebibyte", Role::Wrong);
            return false;
        }
        self.body.rewrite(&edited.text, edited.at.start);
        self.edited();
        self.look_at_model();
        true
    }

    fn fill(&mut self) {
        if !self.settle() {
            return;
        }
        self.look_at_model();
        if let Some(words) = self.no_form() {
            return self.say(&words, Role::Waiting);
        }
        let rows = &self.form.reading.rows;
        let is_whole = rows.iter().all(|row| row.value.is_some());
        let mut text = self.body.known().text.clone();
        if !self.form.is_fresh || text.len().saturating_mul(rows.len()) > MOST_WORK {
            return self.say("Nothing is filled in: the text is no JSON, or too large for it", Role::Wrong);
        }
        let mut count = 0_usize;
        for row in rows.iter().filter(|row| is_whole || row.value.is_none()) {
            // A field whose place something else takes stays as it is: the finding tells of it.
            if let Some(edited) = edit::set(&text, &row.pointer, &row.data.example().to_string()) {
                text = edited.text;
                count += 1;
            }
        }
        let at = self.form.row().and_then(|row| row.value.as_ref()).map_or(0, |value| value.start);
        if !self.write(&Edited { text, at: at..at }) {
            return;
        }
        self.show_field();
        let words = match (is_whole, count) {
            (false, 1) => "1 field was filled with an example; ^U takes it back".to_owned(),
            (false, count) => format!("{count} fields were filled with examples; ^U takes them back"),
            (true, _) => "All values are examples now; ^U takes them back".to_owned(),
        };
        self.say(&words, Role::Good);
    }
}
