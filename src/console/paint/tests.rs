use proptest::prelude::*;

use super::*;

fn row(buffer: &Buffer, y: u16) -> String {
    let area = buffer.area;
    let mut out = String::new();
    let mut x = area.left();
    while x < area.right() {
        let symbol = buffer[(x, y)].symbol();
        out.push_str(symbol);
        x += buffer[(x, y)].cell_width().max(1);
    }
    out
}

fn blank(width: u16, height: u16) -> Buffer {
    Buffer::empty(Rect::new(0, 0, width, height))
}

#[test]
fn text_ends_at_its_width_and_a_wide_character_that_does_not_fit_is_left_out() {
    for (text, width, shown, taken) in [
        ("temperature", 4, "temp      ", 4),
        ("温度计", 5, "温度      ", 4),
        ("温度计", 1, "          ", 0),
        ("e\u{301}te\u{301}", 2, "e\u{301}t        ", 2),
        ("", 5, "          ", 0),
        ("0123456789abc", 99, "0123456789", 10),
    ] {
        let mut buffer = blank(10, 1);
        assert_eq!(write(&mut buffer, 0, 0, width, text, Style::new()), taken, "{text}");
        assert_eq!(row(&buffer, 0), shown);
    }
}

#[test]
fn nothing_outside_the_buffer_is_touched() {
    let mut buffer = Buffer::empty(Rect::new(2, 2, 3, 1));
    for (x, y) in [(0, 2), (5, 2), (2, 1), (2, 3), (u16::MAX, u16::MAX)] {
        assert_eq!(write(&mut buffer, x, y, 9, "abc", Style::new()), 0);
    }
    assert_eq!(write(&mut buffer, 4, 2, 9, "abc", Style::new()), 1);
    assert_eq!(row(&buffer, 2), "  a");
}

#[test]
fn writing_over_half_a_wide_character_blanks_the_other_half() {
    let mut buffer = blank(6, 1);
    write(&mut buffer, 0, 0, 6, "温度计", Style::new());
    write(&mut buffer, 3, 0, 1, "x", Style::new());
    assert_eq!(row(&buffer, 0), "温 x计");
    write(&mut buffer, 0, 0, 1, "y", Style::new());
    assert_eq!(row(&buffer, 0), "y  x计");
    fill(&mut buffer, Rect::new(5, 0, 1, 1), Style::new());
    assert_eq!(row(&buffer, 0), "y  x  ");
}

#[test]
fn a_control_character_never_gets_into_a_cell() {
    let mut buffer = blank(8, 1);
    write(&mut buffer, 0, 0, 8, "a\u{1b}[31m\u{9b}\r\nb", Style::new());
    assert_eq!(row(&buffer, 0), "a?[31m??");
}

#[test]
fn other_character_sets_get_question_marks_in_the_same_columns() {
    let mut buffer = blank(6, 1);
    write(&mut buffer, 0, 0, 6, "a温b✓", Style::new());
    to_ascii(&mut buffer);
    assert_eq!(row(&buffer, 0), "a? b? ");
}

#[test]
fn a_frame_needs_two_cells_each_way() {
    for (width, height) in [(0, 0), (1, 5), (5, 1)] {
        let mut buffer = blank(5, 5);
        outline(&mut buffer, Rect::new(0, 0, width, height), &Signs::UNICODE, Style::new());
        assert_eq!(buffer, blank(5, 5));
    }
    let mut buffer = blank(4, 3);
    outline(&mut buffer, Rect::new(0, 0, 4, 3), &Signs::UNICODE, Style::new());
    assert_eq!([row(&buffer, 0), row(&buffer, 1), row(&buffer, 2)], ["╭──╮", "│  │", "╰──╯"]);
}

proptest! {
    /// Whatever is written wherever, every wide character keeps all its cells, and no cell has a control character.
    #[test]
    fn cells_stay_well_formed(writes in prop::collection::vec(("[a-c温度\u{301}🌞🇩🇪👩‍🔧\u{1b}\u{7f}ｶﾞ]{0,8}", 0_u16..14, 0_u16..4, 0_u16..14), 1..12),
                              width in 0_u16..12, height in 0_u16..3) {
        let mut buffer = blank(width, height);
        for (text, x, y, most) in writes {
            let taken = write(&mut buffer, x, y, most, &text, Style::new());
            prop_assert!(taken <= most);
            for y in 0..height {
                let mut x = 0;
                while x < width {
                    let symbol = buffer[(x, y)].symbol().to_owned();
                    prop_assert!(!symbol.contains(char::is_control));
                    let cells = buffer[(x, y)].cell_width();
                    prop_assert!(cells > 0 && x + cells <= width, "{symbol:?} at {x} of {width}");
                    for tail in 1..cells {
                        prop_assert_eq!(buffer[(x + tail, y)].symbol(), " ");
                    }
                    x += cells;
                }
            }
        }
    }
}
