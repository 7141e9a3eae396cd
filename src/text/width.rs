//! Display width, cutting and wrapping to cells.
//!
//! The unit is the *cluster*: what is written into one cell of the screen (and the one after it, if it is wide) and never
//! torn apart. A cluster is a grapheme cluster by UAX #29, as wide as unicode-width says, with one correction: a grapheme
//! cluster that would be wider than two cells (a chain of Indic conjuncts, of leading jamo, of skin tones) or longer than
//! [`WINDOW`] bytes is taken apart into its characters, each with the zero-width marks that follow it. So whoever paints
//! can rely on 1 or 2 cells a cluster of a [`Safe`](super::Safe) text, and on bounded work for each.
//!
//! Decisions where terminals differ: a flag (two regional indicators) and an emoji with a skin tone take two cells;
//! sequences made with joiners or variation selectors do not occur in a `Safe` text, where those stand as escapes;
//! a halfwidth katakana sound mark adds a cell; East Asian "ambiguous" characters take one cell. (ratatui counts two for such
//! a sound mark, so whoever paints must state the width of the cell instead of leaving it to ratatui.)

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The longest cluster, in bytes.
pub const WINDOW: usize = 64;

/// A piece of text that goes into one cell, or into two side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cluster<'a> {
    /// Where it starts in the text, in bytes.
    pub start: usize,
    /// The piece.
    pub text: &'a str,
    /// How many cells it takes: 1 or 2 in a [`Safe`](super::Safe) text. In others a mark without a base takes 0.
    pub cells: usize,
}

/// The clusters of `text`, in order.
pub fn clusters(text: &str) -> Clusters<'_> {
    Clusters { text, at: 0 }
}

/// How many cells `text` takes.
pub fn width(text: &str) -> usize {
    if super::hidden::is_printable_ascii(text.as_bytes()) {
        return text.len();
    }
    clusters(text).map(|cluster| cluster.cells).sum()
}

/// The longest beginning of `text` that fits into `cells`, and the cells it takes.
pub fn cut(text: &str, cells: usize) -> (&str, usize) {
    let mut taken = 0;
    for cluster in clusters(text) {
        if taken + cluster.cells > cells {
            return (&text[..cluster.start], taken);
        }
        taken += cluster.cells;
    }
    (text, taken)
}

/// The longest end of `text` that fits into `cells`, and the cells it takes.
pub fn cut_front(text: &str, cells: usize) -> (&str, usize) {
    let mut left = width(text);
    for cluster in clusters(text) {
        if left <= cells {
            return (&text[cluster.start..], left);
        }
        left -= cluster.cells;
    }
    ("", 0)
}

/// The rows of `text` when it is broken hard at `cells`, as byte ranges that follow each other without a gap, made as they
/// are asked for. A text without characters has one empty row. A cluster wider than `cells` has a row of its own, which then
/// is wider than `cells`: whoever paints leaves it out. With `cells` = 0 there are no rows.
pub fn wrap(text: &str, cells: usize) -> Wrap<'_> {
    Wrap { text, cells, at: (cells > 0).then_some(0) }
}

/// See [`clusters`].
#[derive(Clone, Debug)]
pub struct Clusters<'a> {
    text: &'a str,
    at: usize,
}

/// See [`wrap`].
#[derive(Clone, Debug)]
pub struct Wrap<'a> {
    text: &'a str,
    cells: usize,
    /// Where the next row starts; `None` after the last.
    at: Option<usize>,
}

impl<'a> Iterator for Clusters<'a> {
    type Item = Cluster<'a>;

    fn next(&mut self) -> Option<Cluster<'a>> {
        let rest = &self.text[self.at..];
        let cluster = match rest.as_bytes() {
            [] => return None,
            [first] | [first, 0..0x80, ..] if first.is_ascii() => {
                Cluster { start: self.at, text: &rest[..1], cells: 1 }
            }
            _ => first_cluster(self.at, rest),
        };
        self.at += cluster.text.len();
        Some(cluster)
    }
}

/// The first cluster of `rest`, which is not empty and starts at `start`.
fn first_cluster(start: usize, rest: &str) -> Cluster<'_> {
    let window = &rest[..rest.floor_char_boundary(WINDOW)];
    let grapheme = window.graphemes(true).next().unwrap_or(window);
    let cells = grapheme.width();
    let whole = grapheme.len() < window.len() || window.len() == rest.len();
    if whole && cells <= 2 {
        return Cluster { start, text: grapheme, cells };
    }
    let end = grapheme.char_indices().skip(1).find(|(_, c)| c.width() != Some(0)).map_or(grapheme.len(), |(at, _)| at);
    let text = &grapheme[..end];
    Cluster { start, text, cells: text.width() }
}

impl Iterator for Wrap<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let start = self.at?;
        let rest = &self.text[start..];
        let end = start + row_length(rest, self.cells);
        self.at = (end < self.text.len()).then_some(end);
        Some(start..end)
    }
}

/// How many bytes of `rest` the first row takes: at least one cluster, if there is one.
fn row_length(rest: &str, cells: usize) -> usize {
    // One row and the byte after it in plain ASCII, which no combining mark can change.
    if let Some(row) = rest.as_bytes().get(..=cells)
        && row.is_ascii()
    {
        return cells;
    }
    let fits = cut(rest, cells).0.len();
    if fits > 0 { fits } else { clusters(rest).next().map_or(0, |cluster| cluster.text.len()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Safe;
    use super::*;

    #[test]
    fn widths() {
        for (text, cells) in [
            ("", 0),
            ("abc", 3),
            ("温度", 4),
            ("a温b", 4),
            ("e\u{301}", 1),
            ("🌞", 2),
            ("🇨🇳🇩🇪", 4),
            ("👍🏽", 2),
            ("가각", 4),
            ("\u{1100}\u{1161}\u{11A8}", 2),
            ("ｶﾞ", 2),
            ("क्ष", 2),
            ("กำ", 2),
            ("…", 1),
        ] {
            assert_eq!(width(text), cells, "{text}");
        }
    }

    #[test]
    fn a_mark_stays_with_its_ascii_base() {
        let all: Vec<_> = clusters("ae\u{301}b").map(|c| (c.start, c.text, c.cells)).collect();
        assert_eq!(all, [(0, "a", 1), (1, "e\u{301}", 1), (4, "b", 1)]);
    }

    #[test]
    fn cutting_keeps_wide_characters_whole() {
        assert_eq!(cut("温度计", 5), ("温度", 4));
        assert_eq!(cut("abc", 3), ("abc", 3));
        assert_eq!(cut("abc", 0), ("", 0));
        assert_eq!(cut("e\u{301}x", 1), ("e\u{301}", 1));
        assert_eq!(cut_front("温度计", 5), ("度计", 4));
        assert_eq!(cut_front("abc", 9), ("abc", 3));
        assert_eq!(cut_front("abc", 0), ("", 0));
    }

    #[test]
    fn rows() {
        let rows = |text: &'static str, cells| wrap(text, cells).map(|row| &text[row]).collect::<Vec<_>>();
        assert_eq!(rows("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(rows("abcdef", 3), ["abc", "def"]);
        assert_eq!(rows("a温温b", 3), ["a温", "温b"]);
        assert_eq!(rows("abe\u{301}", 3), ["abe\u{301}"]);
        assert_eq!(rows("a温b", 1), ["a", "温", "b"]);
        assert_eq!(rows("", 5), [""]);
        assert_eq!(rows("abc", 0), [""; 0]);
    }

    #[test]
    fn chains_without_end_are_taken_apart() {
        for unit in ["\u{1100}", "क्", "🏽", "e\u{301}", "🇨", "\u{D4E}", "a\u{1161}", "ᅡ", "ﾞ"] {
            let text = Safe::new(&unit.repeat(10_000));
            for cluster in clusters(text.as_str()) {
                assert!((1..=2).contains(&cluster.cells) && cluster.text.len() <= WINDOW, "{cluster:?}");
            }
        }
    }

    #[test]
    fn rows_of_a_mebibyte_on_one_line() {
        let long = "温".repeat(1 << 20);
        let first: Vec<_> = wrap(&long, 80).take(3).collect();
        assert_eq!(first, [0..120, 120..240, 240..360]);
        assert_eq!(wrap(&"a".repeat(1 << 20), 80).count(), (1_usize << 20).div_ceil(80));
    }

    fn hostile() -> impl Strategy<Value = String> {
        let pieces = prop::sample::select(vec![
            "a",
            "b ",
            "温",
            "🌞",
            "🏽",
            "👍",
            "🇨",
            "🇳",
            "\u{301}",
            "\u{20E3}",
            "क",
            "\u{94D}",
            "ष",
            "ि",
            "\u{1100}",
            "\u{1161}",
            "\u{11A8}",
            "가",
            "ｶ",
            "ﾞ",
            "ا",
            "ل",
            "א",
            "\u{200D}",
            "\u{FE0F}",
            "\u{202E}",
            "\u{1B}",
            "\n",
            "\u{D4E}",
            "\u{17D8}",
            "\u{A8FA}",
            "ก",
            "ำ",
            "\u{600}",
            "\u{E0041}",
            "❤",
        ]);
        prop_oneof![prop::collection::vec(pieces, 0..40).prop_map(|all| all.concat()), any::<String>()]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn safe_text_has_clusters_of_one_or_two_cells(raw in hostile()) {
            let text = Safe::new(&raw);
            let mut at = 0;
            for cluster in clusters(text.as_str()) {
                prop_assert_eq!(cluster.start, at);
                prop_assert!((1..=2).contains(&cluster.cells), "{:?}", cluster);
                prop_assert!(cluster.text.len() <= WINDOW);
                at += cluster.text.len();
            }
            prop_assert_eq!(at, text.as_str().len());
        }

        #[test]
        fn cutting_and_wrapping_lose_nothing_and_keep_to_the_width(raw in hostile(), cells in 0_usize..=12, safe: bool) {
            let text = if safe { Safe::new(&raw).as_str().to_owned() } else { raw };
            let (head, taken) = cut(&text, cells);
            prop_assert!(taken <= cells && text.starts_with(head));
            let (tail, taken) = cut_front(&text, cells);
            prop_assert!(taken <= cells && text.ends_with(tail));
            let mut at = 0;
            for row in wrap(&text, cells) {
                prop_assert_eq!(row.start, at);
                let all: Vec<_> = clusters(&text[row.clone()]).collect();
                prop_assert!(all.len() == 1 || all.iter().map(|c| c.cells).sum::<usize>() <= cells, "{:?}", all);
                at = row.end;
            }
            prop_assert!(at == text.len() || cells == 0);
        }
    }
}
