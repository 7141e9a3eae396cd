//! The simulated application under a virtual clock.

use super::*;

const CLOUDS: [Cloud; 4] = [Cloud::Huawei, Cloud::Aliyun, Cloud::Ucloud, Cloud::Mqtt];

fn just_before(at: Instant) -> Instant {
    at.checked_sub(Duration::from_millis(1)).expect("the clock began long ago")
}

/// Runs `count` deeds, ending each request after `answer`, and notes when each came.
fn play(seed: u64, online: &[usize], count: usize, answer: Duration) -> Vec<(Duration, Action)> {
    let start = Instant::now();
    let mut now = start;
    let mut application = Application::new(seed, CLOUDS);
    for device in online {
        assert_eq!(application.step(now, Input::Online(*device)), None);
    }
    let mut deeds = Vec::new();
    while deeds.len() < count {
        let at = application.deadline().expect("it has something to do");
        assert_eq!(application.step(just_before(at), Input::Tick), None, "before its time");
        now = at;
        let action = application.step(now, Input::Tick).expect("its time has come");
        match &action {
            Action::Ask(..) => {
                assert_eq!(application.deadline(), None, "a request is open");
                assert_eq!(application.step(now, Input::Tick), None);
                now += answer;
                assert_eq!(application.step(now, Input::Ended), None);
            }
            Action::Cut(device) => {
                application.step(now, Input::Offline(*device));
                application.step(now, Input::Online(*device));
            }
        }
        deeds.push((at - start, action));
    }
    deeds
}

#[test]
fn the_first_request_is_huaweis_silence_within_5_s() {
    for seed in 0..200 {
        let deeds = play(seed, &[2, 1, 0], 1, Duration::ZERO);
        let (at, Action::Ask(0, ask)) = &deeds[0] else { panic!("{deeds:?}") };
        assert!(*at < Duration::from_secs(5), "{at:?}");
        let expected = Ask::Command {
            service: "smokeDetector".to_owned(),
            name: "SILENCE".to_owned(),
            input: json!({"value": 1}),
        };
        assert_eq!(*ask, expected);
    }
}

#[test]
fn the_same_seed_does_the_same_and_another_seed_does_not() {
    let play = |seed| play(seed, &[0, 1, 2], 40, Duration::from_millis(300));
    assert_eq!(play(7), play(7));
    assert_ne!(play(7), play(8));
}

#[test]
fn every_cloud_gets_its_turn_and_connections_are_cut_once_in_a_while() {
    for seed in 0..20 {
        let deeds = play(seed, &[0, 1, 2, 3], 40, Duration::from_secs(20));
        let mut asked = [0; 4];
        let mut since_cut = 0;
        let mut cuts = 0;
        for (_, action) in &deeds {
            match action {
                Action::Ask(device, _) => {
                    asked[*device] += 1;
                    since_cut += 1;
                    assert!(since_cut < 9, "a cut is due");
                }
                Action::Cut(device) => {
                    assert!(*device < 3, "the plain broker is left alone");
                    assert!((5..9).contains(&since_cut));
                    since_cut = 0;
                    cuts += 1;
                }
            }
        }
        assert!(cuts >= 4);
        assert!(asked[..3].iter().all(|count| *count >= 6) && asked[3] == 0, "{asked:?}");
        for pair in deeds.windows(2) {
            let open = if matches!(pair[0].1, Action::Ask(..)) { Duration::from_secs(20) } else { Duration::ZERO };
            let gap = pair[1].0.checked_sub(pair[0].0 + open).expect("the next waits for the end");
            assert!((Duration::from_secs(3)..Duration::from_secs(8)).contains(&gap), "{gap:?}");
        }
    }
}

#[test]
fn without_huawei_the_others_are_asked_and_with_nobody_it_rests() {
    assert!(matches!(play(1, &[1], 1, Duration::ZERO)[0].1, Action::Ask(1, _)));
    let mut application = Application::new(1, CLOUDS);
    let now = Instant::now();
    assert_eq!(application.deadline(), None);
    application.step(now, Input::Online(3));
    let at = application.deadline().unwrap();
    assert_eq!(application.step(at, Input::Tick), None);
    assert_eq!(application.deadline(), None, "a plain client wants nothing");
    application.step(at, Input::Online(0));
    assert!(application.deadline().unwrap() < at + Duration::from_secs(5), "nobody was asked yet");
}

#[test]
fn many_devices_of_one_cloud_take_turns() {
    let mut application = Application::new(3, [Cloud::Huawei; 5]);
    let mut now = Instant::now();
    (0..5).for_each(|device| assert_eq!(application.step(now, Input::Online(device)), None));
    let mut asked = Vec::new();
    while asked.len() < 5 {
        now = application.deadline().unwrap();
        if let Some(Action::Ask(device, _)) = application.step(now, Input::Tick) {
            asked.push(device);
            application.step(now, Input::Ended);
        }
    }
    assert_eq!(asked, [0, 1, 2, 3, 4]);
}
