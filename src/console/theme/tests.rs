use ratatui::style::Color;

use super::*;

/// The terminal's 256 colours, as xterm and its kin show them.
fn rgb(color: Color) -> (f64, f64, f64) {
    let Color::Indexed(index) = color else { panic!("{color:?} is not from the palette") };
    let index = u32::from(index);
    let (r, g, b) = match index {
        16..=231 => {
            let level = |step: u32| if step == 0 { 0 } else { 55 + 40 * step };
            (level((index - 16) / 36), level((index - 16) / 6 % 6), level((index - 16) % 6))
        }
        232.. => (8 + 10 * (index - 232), 8 + 10 * (index - 232), 8 + 10 * (index - 232)),
        _ => panic!("the first sixteen look different on each terminal"),
    };
    (f64::from(r), f64::from(g), f64::from(b))
}

/// The contrast ratio of WCAG 2.
fn contrast(one: Color, other: Color) -> f64 {
    let luminance = |color| {
        let (r, g, b) = rgb(color);
        let part = |value: f64| {
            let value = value / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
    };
    let (a, b) = (luminance(one) + 0.05, luminance(other) + 0.05);
    if a > b { a / b } else { b / a }
}

#[test]
fn roles_stand_at_their_own_place() {
    for (place, (role, _)) in Role::ALL.into_iter().enumerate() {
        assert_eq!(role as usize, place);
    }
}

#[test]
fn every_compiled_in_theme_names_every_role() {
    for file in ["dark", "light", "sixteen"] {
        let text = std::fs::read_to_string(format!("themes/{file}.toml")).unwrap();
        Theme::load(file, None).unwrap();
        for (_, key) in Role::ALL {
            assert!(text.lines().any(|line| line.starts_with(&format!("{key} = "))), "{file} has no {key}");
        }
    }
}

#[test]
fn text_of_every_role_can_be_read_on_every_background_it_meets() {
    for name in ["dark", "light"] {
        let theme = Theme::load(name, None).unwrap();
        let ground = theme.style(Role::Text);
        for (role, key) in Role::ALL {
            let fg = theme.style(role).fg.or(ground.fg).unwrap();
            let least = if role == Role::Frame { 1.5 } else { 4.5 };
            let own = theme.style(role).bg.or(ground.bg).unwrap();
            assert!(contrast(fg, own) >= least, "{name}: {key} {:.1}", contrast(fg, own));
            if theme.style(role).bg.is_none() && role != Role::Frame {
                let selected = theme.style(Role::Selected).bg.unwrap();
                assert!(contrast(fg, selected) >= 3.0, "{name}: {key}, selected {:.1}", contrast(fg, selected));
            }
        }
    }
}

#[test]
fn plain_has_no_colour_and_still_tells_the_selection() {
    let theme = Theme::plain();
    for (role, _) in Role::ALL {
        assert_eq!((theme.style(role).fg, theme.style(role).bg), (None, None));
    }
    assert_ne!(theme.style(Role::Selected), theme.style(Role::Text));
}

#[test]
fn faults_of_a_theme_name_line_and_word() {
    for (file, words) in [
        ("text = {}\ntexd = {}", "theme \"mine\", line 2: there is no role \"texd\": known are text, dim,"),
        ("text = { fg = 256 }", "line 1: expected a colour: 0 to 255"),
        ("text = { fg = \"blau\" }", "line 1: expected a colour"),
        ("text = {}\n\ndim = { colour = 3 }", "line 3: unknown field `colour`"),
        ("text = ", "line 1: "),
    ] {
        let said = Theme::parse("mine", file).unwrap_err().to_string();
        assert!(said.contains(words), "{said}");
    }
    let said = Theme::load("../../etc/passwd", Some(std::path::Path::new("themes"))).unwrap_err().to_string();
    assert!(
        said.starts_with("there is no theme \"../../etc/passwd\": known are dark, light, sixteen, plain"),
        "{said}"
    );
}

#[test]
fn a_theme_of_the_users_own_goes_before_one_compiled_in() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("dark.toml"), "text = { fg = \"#010203\", bold = true }").unwrap();
    std::fs::write(folder.path().join("amber.toml"), "text = { fg = 214 }").unwrap();
    assert_eq!(Theme::names(Some(folder.path())), ["dark", "light", "sixteen", "plain", "amber"]);
    let dark = Theme::load("dark", Some(folder.path())).unwrap();
    assert_eq!(dark.style(Role::Text), Style::new().fg(Color::Rgb(1, 2, 3)).bold());
    assert_eq!(Theme::load("amber", Some(folder.path())).unwrap().style(Role::Text).fg, Some(Color::Indexed(214)));
}

#[test]
fn the_environment_chooses_the_theme_and_the_signs() {
    for (no_color, term, colorterm, name) in [
        (Some("1"), Some("xterm-256color"), Some("truecolor"), "plain"),
        (Some(""), Some("xterm-256color"), None, "dark"),
        (None, Some("linux"), None, "sixteen"),
        (None, Some("xterm"), Some("truecolor"), "dark"),
        (None, Some("tmux-256color"), None, "dark"),
        (None, None, None, "dark"),
    ] {
        assert_eq!(Theme::fitting(no_color, term, colorterm), name);
    }
    for (lc_all, lc_ctype, lang, signs) in [
        (None, None, Some("zh_CN.UTF-8"), Signs::UNICODE),
        (None, None, Some("de_DE.utf8"), Signs::UNICODE),
        (Some(""), Some("C"), Some("zh_CN.UTF-8"), Signs::ASCII),
        (Some("C.UTF-8"), Some("C"), Some("C"), Signs::UNICODE),
        (None, None, Some("zh_CN.GB18030"), Signs::ASCII),
        (None, None, None, Signs::UNICODE),
    ] {
        assert_eq!(Signs::for_locale(lc_all, lc_ctype, lang), signs);
    }
}
