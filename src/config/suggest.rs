//! "Did you mean …?": the nearest of the words that would have been right.

/// The word of `known` nearest to `word`, if one is near enough to be a slip of the finger.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Beyond this no word is a slip, and the table of distances would grow with a hostile config.
    const LONGEST: usize = 64;
    if word.len() > LONGEST {
        return None;
    }
    let lower = word.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (distance(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(steps, candidate)| *steps <= tolerated(candidate))
        .min_by_key(|(steps, _)| *steps)
        .map(|(_, candidate)| candidate)
}

/// How many slips a word of this length may hold and still be recognised.
fn tolerated(word: &str) -> usize {
    match word.chars().count() {
        0..=2 => 1,
        3..=5 => 2,
        length => 2.max(length / 3),
    }
}

/// The optimal string alignment distance: insertions, deletions, replacements and swaps of neighbours.
pub(crate) fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut before = vec![0; right.len() + 1];
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (row, from) in left.iter().enumerate() {
        let mut line = vec![row + 1];
        for (column, to) in right.iter().enumerate() {
            let mut steps = (above[column] + usize::from(from != to)).min(above[column + 1] + 1).min(line[column] + 1);
            if row > 0 && column > 0 && *from == right[column - 1] && left[row - 1] == *to {
                steps = steps.min(before[column - 1] + 1);
            }
            line.push(steps);
        }
        before = std::mem::replace(&mut above, line);
    }
    above[right.len()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn distances_of_known_pairs() {
        for (left, right, steps) in [
            ("", "", 0),
            ("a", "", 1),
            ("kitten", "sitting", 3),
            ("ab", "ba", 1),
            ("secret", "secert", 1),
            ("密", "钥", 1),
        ] {
            assert_eq!(distance(left, right), steps, "{left} {right}");
        }
    }

    #[test]
    fn a_slip_finds_its_word_and_a_strange_word_finds_none() {
        let known = ["name", "cloud", "host", "port", "device_id", "keep_alive", "path"];
        assert_eq!(nearest("nmae", known), Some("name"));
        assert_eq!(nearest("deviceid", known), Some("device_id"));
        assert_eq!(nearest("Keep-Alive", known), Some("keep_alive"));
        assert_eq!(nearest("colour_of_the_sky", known), None);
        assert_eq!(nearest(&"x".repeat(100_000), known), None);
    }

    proptest! {
        #[test]
        fn distance_is_symmetric_and_zero_only_for_equals(left in "[a-d]{0,6}", right in "[a-d]{0,6}") {
            prop_assert_eq!(distance(&left, &right), distance(&right, &left));
            prop_assert_eq!(distance(&left, &right) == 0, left == right);
            prop_assert!(distance(&left, &right) <= left.len().max(right.len()));
        }
    }
}
