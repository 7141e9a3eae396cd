//! One line of typed text with a cursor: the filter, the palette, the topic prompt.

use unicode_segmentation::UnicodeSegmentation;

/// The longest line that is taken, in bytes: the longest topic of MQTT.
const LONGEST: usize = 65_535;

/// A line being typed. The cursor stands between clusters, never inside one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    text: String,
    cursor: usize,
}

/// What a key does to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Puts a character in.
    Insert(char),
    /// Takes the cluster before the cursor away.
    Backspace,
    /// Takes the cluster behind the cursor away.
    Delete,
    /// Takes the word before the cursor away.
    DeleteWord,
    /// Takes all before the cursor away.
    DeleteToStart,
    /// Moves a cluster.
    Left,
    /// Moves a cluster.
    Right,
    /// Moves to the start.
    Home,
    /// Moves to the end.
    End,
}

impl Line {
    /// A line that starts with `text`, the cursor behind it.
    pub fn new(text: &str) -> Self {
        let mut line = Self::default();
        line.paste(text);
        line
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text before the cursor.
    pub fn before(&self) -> &str {
        self.text.get(..self.cursor).unwrap_or_default()
    }

    /// Whether nothing is typed.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Carries out one edit; answers whether the text changed.
    pub fn edit(&mut self, edit: Edit) -> bool {
        let was = self.text.len();
        match edit {
            Edit::Insert(letter) => {
                if letter.is_control() || was + letter.len_utf8() > LONGEST {
                    return false;
                }
                self.text.insert(self.cursor, letter);
                self.cursor += letter.len_utf8();
            }
            Edit::Backspace => self.cut(self.previous()),
            Edit::Delete => {
                let end = self.next();
                self.text.replace_range(self.cursor..end, "");
            }
            Edit::DeleteWord => {
                let kept = self.before().trim_end();
                let start = kept.rfind([' ', '/']).map_or(0, |at| if at + 1 == kept.len() { at } else { at + 1 });
                self.cut(start);
            }
            Edit::DeleteToStart => self.cut(0),
            Edit::Left => self.cursor = self.previous(),
            Edit::Right => self.cursor = self.next(),
            Edit::Home => self.cursor = 0,
            Edit::End => self.cursor = was,
        }
        self.text.len() != was
    }

    /// Puts `text` in at the cursor, on one line: control characters become blanks, runs of them one.
    pub fn paste(&mut self, text: &str) {
        let mut blank = false;
        for letter in text.trim().chars() {
            let control = letter.is_control();
            if !(control && blank) {
                self.edit(Edit::Insert(if control { ' ' } else { letter }));
            }
            blank = control;
        }
    }

    fn previous(&self) -> usize {
        self.before().grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn next(&self) -> usize {
        let behind = self.text.get(self.cursor..).unwrap_or_default();
        self.cursor + behind.graphemes(true).next().map_or(0, str::len)
    }

    fn cut(&mut self, start: usize) {
        self.text.replace_range(start..self.cursor, "");
        self.cursor = start;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn editing_moves_by_what_a_person_sees_as_one_character() {
        let mut line = Line::new("温e\u{301}🇩🇪");
        line.edit(Edit::Backspace);
        assert_eq!(line.text(), "温e\u{301}");
        line.edit(Edit::Left);
        assert_eq!(line.before(), "温");
        line.edit(Edit::Delete);
        assert_eq!(line.text(), "温");
    }

    #[test]
    fn a_word_ends_at_a_blank_or_a_slash() {
        let mut line = Line::new("/sys/a1/get temp");
        for left in ["/sys/a1/get ", "/sys/a1/", "/sys/a1", "/sys/", "/sys", "/", ""] {
            assert!(line.edit(Edit::DeleteWord));
            assert_eq!(line.text(), left);
        }
        assert!(!line.edit(Edit::DeleteWord));
    }

    #[test]
    fn a_paste_stays_on_one_line() {
        assert_eq!(Line::new("\r\na/b\r\nc\u{1b}[201~").text(), "a/b c [201~");
    }

    proptest! {
        #[test]
        fn no_edit_leaves_the_cursor_inside_a_character(edits in prop::collection::vec(
            prop_oneof![
                any::<char>().prop_map(Edit::Insert),
                Just(Edit::Insert('\u{200d}')), Just(Edit::Insert('🇩')), Just(Edit::Insert(' ')),
                Just(Edit::Backspace), Just(Edit::Delete), Just(Edit::DeleteWord), Just(Edit::DeleteToStart),
                Just(Edit::Left), Just(Edit::Right), Just(Edit::Home), Just(Edit::End)], 0..40)) {
            let mut line = Line::default();
            for edit in edits {
                line.edit(edit);
                prop_assert!(line.text().starts_with(line.before()));
                prop_assert!(!line.text().contains(char::is_control));
            }
        }
    }
}
