use ratatui::style::Style;

use super::*;
use crate::console::paint;
use crate::text::Safe;

fn frame(screen: &mut Screen, text: &'static str, cursor: Option<(u16, u16)>) -> String {
    let mut out = Vec::new();
    screen.draw(&mut out, |buffer| {
        paint::put(buffer, 0, 0, 20, &Safe::from_static(text), Style::new());
        cursor
    });
    String::from_utf8(out).unwrap()
}

#[test]
fn a_frame_that_changes_nothing_writes_nothing() {
    let mut screen = Screen::new((20, 3));
    assert!(!frame(&mut screen, "one", None).is_empty());
    assert_eq!(frame(&mut screen, "one", None), "");
    assert_eq!(frame(&mut screen, "onf", None), "\x1b[?2026h\x1b[1;3Hf\x1b[?2026l");
}

#[test]
fn the_cursor_is_shown_where_something_is_typed_and_nowhere_else() {
    let mut screen = Screen::new((20, 3));
    frame(&mut screen, "one", None);
    assert!(frame(&mut screen, "one", Some((3, 0))).ends_with("\x1b[1;4H\x1b[?25h\x1b[?2026l"));
    assert_eq!(frame(&mut screen, "one", Some((3, 0))), "");
    let gone = frame(&mut screen, "one", None);
    assert!(gone.contains("\x1b[?25l") && !gone.contains("\x1b[?25h"));
}

#[test]
fn a_screen_of_which_nothing_is_known_is_cleared_and_drawn_whole() {
    let mut screen = Screen::new((20, 3));
    frame(&mut screen, "one", None);
    screen.forget((10, 2));
    let all = frame(&mut screen, "one", None);
    assert!(all.contains("\x1b[2J") && all.contains("one"));
    assert_eq!(screen.size(), (10, 2));
}

#[test]
fn the_way_out_undoes_the_way_in() {
    let (enter, leave) = (guard::ENTER.escape_ascii().to_string(), guard::LEAVE.escape_ascii().to_string());
    for mode in ["?1049", "?2004"] {
        assert!(enter.contains(&format!("{mode}h")) && leave.contains(&format!("{mode}l")), "{mode}");
    }
    assert!(enter.contains("?25l") && leave.contains("?25h"));
}
