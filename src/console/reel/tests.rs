use super::*;

fn reel() -> Reel {
    let start = WallTime::parse_rfc3339("2026-11-21T14:00:00.500Z").unwrap().unix_micros();
    let start = u64::try_from(start).unwrap();
    let deck = DeckState {
        playing: false,
        pace: Pace::Times(1.0),
        position: 0,
        time_us: start,
        events: 1_000,
        span_us: (start, start + 3_600_000_000),
        shortened: false,
        looped: false,
        seeking: false,
        seeks: 0,
        misses: 0,
    };
    Reel { name: Safe::new("x.mcap"), deck, density: Vec::new(), zone: TimeZone::UTC, wanted: "" }
}

#[test]
fn places_are_times_spans_shares_and_numbers() {
    let reel = reel();
    let start = reel.deck.span_us.0;
    for (typed, order) in [
        ("50%", Order::ToShare(0.5)),
        (" 0.5 %", Order::ToShare(0.005)),
        ("100%", Order::ToShare(1.0)),
        ("+30", Order::By(30_000_000)),
        ("-5m", Order::By(-300_000_000)),
        ("+1h30m", Order::By(5_400_000_000)),
        ("+1.5", Order::By(1_500_000)),
        ("-250ms", Order::By(-250_000)),
        ("#1", Order::To(1)),
        ("#1000", Order::To(1_000)),
        ("14:30", Order::ToTime(start + 1_799_500_000)),
        ("14:02:11", Order::ToTime(start + 130_500_000)),
        ("14:02:11.25", Order::ToTime(start + 130_750_000)),
        ("14:00:00", Order::ToTime(start)),
        ("2026-11-21T15:00:00Z", Order::ToTime(start + 3_599_500_000)),
        ("2026-11-21T16:00:00+01:00", Order::ToTime(start + 3_599_500_000)),
    ] {
        assert_eq!(reel.place(typed), Ok(order), "{typed}");
    }
}

#[test]
fn what_is_no_place_is_told_with_what_is_one() {
    let reel = reel();
    for typed in
        ["", "noon", "%", "101%", "-1%", "NaN%", "+", "+x", "-5y", "+1e99", "5", "25:00", "#x", "+999999999999999h"]
    {
        let words = reel.place(typed).unwrap_err();
        assert!(words.contains("14:02:11, +30, -5m, 50%"), "{typed}: {words}");
    }
    for typed in ["#0", "#1001"] {
        assert!(reel.place(typed).unwrap_err().contains("the tape has 1000"), "{typed}");
    }
    for typed in ["13:59:00", "15:00:01", "2025-01-01T00:00:00Z"] {
        assert_eq!(reel.place(typed).unwrap_err(), "The tape goes from 14:00:00.500 to 15:00:00.500.", "{typed}");
    }
}

#[test]
fn a_time_of_day_is_the_one_on_the_tape_where_it_goes_over_midnight() {
    let mut reel = reel();
    let start = u64::try_from(WallTime::parse_rfc3339("2026-11-21T23:50:00Z").unwrap().unix_micros()).unwrap();
    reel.deck.span_us = (start, start + 1_200_000_000);
    reel.deck.time_us = start;
    assert_eq!(reel.place("00:05"), Ok(Order::ToTime(start + 900_000_000)));
    reel.deck.time_us = start + 1_000_000_000;
    assert_eq!(reel.place("23:55"), Ok(Order::ToTime(start + 300_000_000)));
}

#[test]
fn the_cell_of_the_time_line_is_inside_it() {
    let mut reel = reel();
    for (passed, cell, percent) in
        [(0, 0, 0), (1_800_000_000, 20, 50), (3_599_999_999, 39, 99), (3_600_000_000, 39, 100)]
    {
        reel.deck.time_us = reel.deck.span_us.0 + passed;
        assert_eq!((reel.cell(40), reel.percent()), (cell, percent), "{passed}");
    }
    reel.deck.time_us = u64::MAX;
    assert_eq!((reel.cell(40), reel.cell(0)), (39, 0));
    reel.deck.span_us = (5, 5);
    assert_eq!((reel.cell(40), reel.percent()), (0, 0));
}

#[test]
fn the_pace_goes_by_steps_to_its_ends() {
    let mut pace = Pace::Times(1.0);
    for words in ["2x", "5x", "10x", "20x", "50x", "100x", "200x", "500x", "1000x", "full speed", "full speed"] {
        pace = next_pace(pace, true);
        assert_eq!(pace_words(pace), words);
    }
    for words in ["1000x", "500x"] {
        pace = next_pace(pace, false);
        assert_eq!(pace_words(pace), words);
    }
    let mut pace = Pace::Times(0.7);
    for words in ["0.5x", "0.2x", "0.1x", "0.1x"] {
        pace = next_pace(pace, false);
        assert_eq!(pace_words(pace), words);
    }
    assert_eq!(next_pace(Pace::Times(0.7), true), Pace::Times(1.0));
}
