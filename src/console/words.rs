//! Numbers, times and sizes as words: with their unit, thousands apart.

use std::time::Duration;

use crate::event::{Irregular, LineState};
use crate::text::Safe;

/// The name of a rule or simulator is shown to so many bytes.
const BY: usize = 80;

/// A count, thousands apart: `1 284`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// A count in a few letters: `999`, `12 k`, `2.8 M`.
pub fn about(number: u64) -> String {
    let tenths = |unit: u64, name: &str| format!("{}.{} {name}", number / unit, number % unit / (unit / 10));
    match number {
        0..1_000 => number.to_string(),
        1_000..10_000 => tenths(1_000, "k"),
        10_000..1_000_000 => format!("{} k", number / 1_000),
        1_000_000..10_000_000 => tenths(1_000_000, "M"),
        _ => format!("{} M", count(number / 1_000_000)),
    }
}

/// How long something took: `420 ms`, `4.2 s`, `18 s`, `3:12`.
pub fn took(time: Duration) -> String {
    let millis = time.as_millis();
    match millis {
        0 => "<1 ms".to_owned(),
        1..1_000 => format!("{millis} ms"),
        1_000..10_000 => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
        _ => seconds(time.as_secs()),
    }
}

/// How long something will still take, in whole seconds begun, so that the last second reads `1 s`.
pub fn left(time: Duration) -> String {
    seconds(whole_seconds(time))
}

/// The whole seconds begun in `time`.
pub fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

fn seconds(seconds: u64) -> String {
    match seconds {
        0..100 => format!("{seconds} s"),
        100..3_600 => format!("{}:{:02}", seconds / 60, seconds % 60),
        _ => format!("{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60),
    }
}

/// A size: `96 B`, `1.2 KiB`, `8 MiB`.
pub fn bytes(size: usize) -> String {
    const KIB: usize = 1024;
    let scaled = |unit: usize, name: &str| {
        let tenths = size / (unit / 10).max(1);
        if tenths >= 100 || tenths.is_multiple_of(10) {
            format!("{} {name}", size / unit)
        } else {
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        }
    };
    match size {
        0..KIB => format!("{size} B"),
        KIB..0x10_0000 => scaled(KIB, "KiB"),
        _ => scaled(KIB * KIB, "MiB"),
    }
}

/// How many a second: `0/s`, `12/s`, `48 k/s`, `1.2 M/s`.
pub fn rate(per_second: f64) -> String {
    match per_second {
        x if x >= 999_500.0 => format!("{:.1} M/s", x / 1e6),
        x if x >= 9_999.5 => format!("{:.0} k/s", x / 1e3),
        x if x >= 999.5 => format!("{:.1} k/s", x / 1e3),
        x if x > 0.0 && x < 0.95 => format!("{x:.1}/s"),
        x => format!("{x:.0}/s"),
    }
}

/// A line's state, as the screen calls it.
pub fn line_state(state: LineState) -> &'static str {
    match state {
        LineState::Backoff => "back-off",
        other => other.word(),
    }
}

/// By whom of the device's own doings a message was sent, and what is out of order about it.
pub fn circumstances(by: Option<&str>, irregular: Irregular) -> Vec<String> {
    let by = by.map(|by| format!("by {}", clip(by, BY)));
    let parts =
        [(irregular.late, "late"), (irregular.second, "second answer"), (irregular.moved, "over a new connection")];
    // A narrow row cuts the end off: what is out of order stands first.
    parts.into_iter().filter(|(holds, _)| *holds).map(|(_, part)| part.to_owned()).chain(by).collect()
}

/// `text`, cut at a character's end to at most `most` bytes: rows of the screen need no more, however long the text is.
pub fn clip(text: &str, most: usize) -> &str {
    match text.char_indices().map(|(at, _)| at).take_while(|at| *at <= most).last() {
        Some(end) if text.len() > most => text.get(..end).unwrap_or(text),
        _ => text,
    }
}

/// `text` with line ends put in between words, so that no line of it is wider than `cells`; a word that is wider stays whole.
pub fn wrap(text: &str, cells: usize) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut used = 0;
    for piece in text.split_inclusive([' ', '\n']) {
        let word = piece.trim_end_matches([' ', '\n']);
        let width = Safe::new(word).width();
        if used > 0 && used + width > cells {
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
            used = 0;
        }
        out.push_str(piece);
        used = if piece.ends_with('\n') { 0 } else { used + width + (piece.len() - word.len()) };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_with_their_thousands_apart() {
        for (number, words) in [
            (0, "0"),
            (999, "999"),
            (1_284, "1 284"),
            (1_000_000, "1 000 000"),
            (u64::MAX, "18 446 744 073 709 551 615"),
        ] {
            assert_eq!(count(number), words);
        }
    }

    #[test]
    fn large_counts_are_told_in_a_few_letters() {
        for (number, words) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1.0 k"),
            (9_999, "9.9 k"),
            (48_900, "48 k"),
            (999_999, "999 k"),
            (2_871_857, "2.8 M"),
            (12_000_000_000, "12 000 M"),
        ] {
            assert_eq!(about(number), words);
        }
    }

    #[test]
    fn times_have_units_and_the_last_second_is_one() {
        for (micros, words) in [
            (0, "<1 ms"),
            (420_000, "420 ms"),
            (4_260_000, "4.2 s"),
            (18_900_000, "18 s"),
            (192_000_000, "3:12"),
            (3_723_000_000, "1:02:03"),
        ] {
            assert_eq!(took(Duration::from_micros(micros)), words);
        }
        for (millis, words) in [(0, "0 s"), (1, "1 s"), (1_000, "1 s"), (19_001, "20 s"), (100_000, "1:40")] {
            assert_eq!(left(Duration::from_millis(millis)), words);
        }
    }

    #[test]
    fn sizes_and_rates_have_units() {
        for (size, words) in [
            (96, "96 B"),
            (1024, "1 KiB"),
            (1_300, "1.2 KiB"),
            (50 * 1024 + 700, "50 KiB"),
            (8 << 20, "8 MiB"),
            (usize::MAX, "17592186044415 MiB"),
        ] {
            assert_eq!(bytes(size), words);
        }
        for (per_second, words) in [
            (0.0, "0/s"),
            (0.5, "0.5/s"),
            (12.0, "12/s"),
            (1_234.0, "1.2 k/s"),
            (48_000.0, "48 k/s"),
            (1.24e6, "1.2 M/s"),
        ] {
            assert_eq!(rate(per_second), words);
        }
    }

    #[test]
    fn what_is_out_of_order_is_told_before_who_sent_it() {
        let all = Irregular { late: true, second: true, moved: true };
        for (by, irregular, told) in [
            (None, Irregular::default(), ""),
            (Some("rule silence"), Irregular::default(), "by rule silence"),
            (None, Irregular { second: true, ..Irregular::default() }, "second answer"),
            (Some("rule r"), all, "late, second answer, over a new connection, by rule r"),
        ] {
            assert_eq!(circumstances(by, irregular).join(", "), told);
        }
    }

    #[test]
    fn lines_end_between_words() {
        for (text, cells, lines) in [
            ("one two three", 7, "one two\nthree"),
            ("one two three", 6, "one\ntwo\nthree"),
            ("one two three", 80, "one two three"),
            ("one\ntwo three", 8, "one\ntwo\nthree"),
            ("a wide-wide-word b", 5, "a\nwide-wide-word\nb"),
            ("温度 很高", 5, "温度\n很高"),
            ("", 5, ""),
            ("one", 0, "one"),
        ] {
            assert_eq!(wrap(text, cells), lines, "{text:?} in {cells}");
        }
    }

    #[test]
    fn clipping_ends_at_a_character() {
        assert_eq!(clip("温度", 4), "温");
        assert_eq!(clip("温度", 6), "温度");
        assert_eq!(clip("abc", 0), "");
        assert_eq!(clip("", 3), "");
    }
}
