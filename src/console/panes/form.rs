//! The form of the composer: a line for each field of the body that the product's model knows.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Pen, View, typed};
use crate::console::composer::{Entry, FormView, Row};
use crate::console::paint;
use crate::console::theme::Role;
use crate::text::Safe;

/// What stands for a value that is not in the body.
const ABSENT: &str = "·";

/// Paints the form; answers where the terminal's cursor belongs while a value is typed.
pub fn render(buffer: &mut Buffer, area: Rect, view: &View<'_>, form: FormView<'_>) -> Option<(u16, u16)> {
    let columns = Columns::of(form.rows(), area);
    let mut cursor = None;
    for (y, entry) in (area.top()..area.bottom()).zip(form.entries()) {
        let row = Rect { y, height: 1, ..area };
        match entry {
            Entry::Group(place) => {
                let Some(field) = form.row(place) else { continue };
                Pen::new(buffer, row, view.signs).put(&field.group, view.style(Role::Accent));
            }
            Entry::Field(place) => {
                let Some(field) = form.row(place) else { continue };
                let is_chosen = place == form.chosen() && form.has_keys();
                let at = one(buffer, row, view, form, &Shown { field, columns, is_chosen });
                cursor = cursor.or(at);
            }
        }
    }
    cursor
}

/// Where the columns begin and end.
#[derive(Clone, Copy)]
struct Columns {
    value: u16,
    what: u16,
}

/// A field as it is painted.
struct Shown<'a> {
    field: &'a Row,
    columns: Columns,
    is_chosen: bool,
}

impl Columns {
    fn of(rows: &[Row], area: Rect) -> Self {
        let widest = |cells: &dyn Fn(&Row) -> u16| rows.iter().map(cells).max().unwrap_or(0);
        let names = widest(&|row| {
            let name = row.own_name().map_or(0, |name| paint::cells_of(name).saturating_add(1));
            paint::cells_of(&row.id).saturating_add(name)
        });
        let values = widest(&|row| row.value.as_ref().map_or(0, |value| paint::cells_of(&value.shown)));
        // Two signs and a blank come before the name, and two blanks behind each column.
        let names = names.clamp(8, (area.width / 3).max(8));
        let values = values.clamp(10, (area.width / 3).max(10));
        let value = area.x.saturating_add(names + 5);
        Self { value, what: value.saturating_add(values + 2) }
    }
}

fn one(
    buffer: &mut Buffer,
    row: Rect,
    view: &View<'_>,
    form: FormView<'_>,
    Shown { field, columns, is_chosen }: &Shown<'_>,
) -> Option<(u16, u16)> {
    let mut ground = view.style(if form.is_fresh() { Role::Text } else { Role::Dim });
    if *is_chosen {
        ground = view.style(Role::Selected);
        paint::tint(buffer, row, ground);
    }
    let style = |role| view.style(role).patch(ground);
    let mut pen = Pen::new(buffer, row, view.signs);
    pen.word(if *is_chosen { view.signs.cursor } else { " " }, style(Role::Accent));
    let (mark, role) = match (field.is_wrong(), field.required) {
        (true, _) => (view.signs.wrong, Role::Wrong),
        (false, true) => ("!", Role::Waiting),
        (false, false) => (" ", Role::Text),
    };
    pen.word(mark, view.style(role)).skip(1);
    pen.end = columns.value.saturating_sub(2).min(row.right());
    pen.put(&field.id, style(Role::Strong));
    if let Some(name) = field.own_name() {
        pen.skip(1).put(name, style(Role::Dim));
    }
    (pen.x, pen.end) = (columns.value.min(row.right()), columns.what.saturating_sub(2).min(row.right()));
    if let Some(line) = form.line().filter(|_| *is_chosen) {
        // What is typed may take the place of what the value can be.
        pen.end = row.right();
        return Some(typed(&mut pen, line, view.style(Role::Match)));
    }
    match &field.value {
        Some(value) if field.is_wrong() => pen.put(&value.shown, view.style(Role::Wrong)),
        Some(value) => pen.put(&value.shown, style(Role::Text)),
        None => pen.put(&Safe::from_static(ABSENT), style(Role::Dim)),
    };
    (pen.x, pen.end) = (columns.what.min(row.right()), row.right());
    pen.put(&field.what, style(Role::Dim));
    None
}
