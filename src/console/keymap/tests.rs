//! The table of keys holds what help, palette and README promise.

use std::collections::HashSet;

use super::*;

#[test]
fn in_one_context_a_chord_stands_once() {
    let mut seen = HashSet::new();
    for binding in KEYS {
        assert!(!binding.chords.is_empty(), "{:?} has no key", binding.action);
        for chord in binding.chords {
            assert!(seen.insert((binding.context, *chord)), "{chord} stands twice in {:?}", binding.context);
        }
    }
}

#[test]
fn names_are_unique_and_words_are_there() {
    let mut seen = HashSet::new();
    for binding in KEYS.iter().filter(|binding| !binding.name.is_empty()) {
        assert!(seen.insert(binding.name), "{} stands twice", binding.name);
        assert!(!binding.words.is_empty());
    }
}

#[test]
fn the_keys_of_the_readme_do_what_it_says() {
    for (context, chord, action) in [
        (Browse, letter('j'), A::Move(M::Down)),
        (Browse, key(KeyCode::End), A::Move(M::Last)),
        (Browse, letter('7'), A::Device(6)),
        (Browse, letter(' '), A::Follow),
        (Browse, Chord::ctrl('c'), A::Interrupt),
        (Compose, Chord::ctrl('s'), A::Send),
        (Compose, Chord::alt(KeyCode::Enter), A::Send),
        (Compose, key(KeyCode::Esc), A::Back),
        (Compose, Chord::ctrl('o'), A::Form),
        (Form, Chord::ctrl('o'), A::Form),
        (Form, Chord::ctrl('g'), A::Fill),
        (Form, key(KeyCode::Delete), A::Omit),
        (Form, Chord::ctrl('s'), A::Send),
        (Help, letter('?'), A::Back),
    ] {
        assert_eq!(lookup(context, chord), Some(action), "{chord}");
    }
}

#[test]
fn where_text_is_typed_no_letter_is_a_command() {
    for context in [Compose, Form, Filter, Prompt, Palette, Note, Seek, Codes, Drafts, Load, Value] {
        assert!(context.takes_text());
        for letter in ' '..='~' {
            assert_eq!(lookup(context, Chord::letter(letter)), None, "{letter} in {context:?}");
        }
    }
}

#[test]
fn in_a_replay_its_own_keys_go_before_those_of_the_panes() {
    assert_eq!(lookup(Replay, letter(' ')), Some(A::Reel(K::Play)));
    assert_eq!(lookup(Replay, letter('j')), Some(A::Move(M::Down)));
    assert_eq!(lookup(Replay, Chord::ctrl('l')), Some(A::Redraw));
    assert_eq!(lookup(Browse, letter('.')), None);
    let names = |context| commands(context, "").iter().map(|binding| binding.name).collect::<HashSet<_>>();
    assert!(names(Replay).contains("leave-replay") && names(Replay).contains("filter"));
    assert!(!names(Replay).contains("quit") && !names(Browse).contains("leave-replay"));
}

#[test]
fn the_palette_puts_beginnings_first() {
    let names: Vec<&str> = commands(Browse, "co").iter().map(|binding| binding.name).collect();
    assert_eq!(names[..4], ["compose", "copy", "copy-topic", "connect"]);
    assert!(names.contains(&"reconnect"));
    assert_eq!(commands(Browse, "zzz").len(), 0);
    assert!(commands(Browse, "").len() > 15);
}
