//! What the tree shows.

use std::time::{Duration, Instant};

use insta::assert_snapshot;
use proptest::prelude::*;
use ratatui::buffer::Buffer;

use super::*;
use crate::console::picture::{assert_clean, canvas, styled, text};
use crate::console::theme::{Signs, Theme};
use crate::event::{Kind, Message, Moment, StateChange, Subscribed, WallTime, What};
use crate::timeline::Budget;

struct Scene {
    timeline: Timeline,
    start: Moment,
    tree: TopicTree,
    seconds: u64,
}

impl Scene {
    fn new(sessions: &[(&str, Cloud)]) -> Self {
        let start = Moment { at: WallTime::default(), mono: Instant::now() };
        let mut timeline = Timeline::new(Budget::default(), start);
        for (name, cloud) in sessions {
            timeline.register(name, *cloud);
        }
        Self { timeline, start, tree: TopicTree::default(), seconds: 1 }
    }

    fn happens(&mut self, session: u16, kind: &Kind<'_>, id_span: Option<(usize, usize)>) {
        let now = self.start.after(Duration::from_secs(self.seconds));
        self.timeline.append(SessionId(session), now, kind, id_span);
    }

    fn heard(&mut self, session: u16, topic: &str, times: usize) {
        let message = Message { topic, qos: Qos::AtMostOnce, payload: b"{}", what: What::Custom, ..Message::default() };
        let id_span = topic.find("request_id=").map(|at| (at + "request_id=".len(), topic.len()));
        for _ in 0..times {
            self.happens(session, &Kind::Rx(message), id_span);
        }
    }

    fn subscribed(&mut self, session: u16, filter: &str, asked: Qos, granted: Option<Qos>) {
        let answer = Subscribed { filter, asked, granted, reason: None, order: None };
        self.happens(session, &Kind::Subscribed(answer), None);
    }

    fn paint(&mut self, width: u16, height: u16, theme: &Theme, signs: &Signs) -> Buffer {
        let (mut buffer, area) = canvas(width, height);
        self.tree.collect(&self.timeline, self.seconds * 1_000_000, area.as_size());
        self.tree.render(&mut buffer, area, true, theme, signs);
        buffer
    }

    fn show(&mut self, width: u16, height: u16) -> String {
        text(&self.paint(width, height, &Theme::plain(), &Signs::UNICODE))
    }

    fn choose(&mut self, path: &str) {
        self.tree.step(Motion::First);
        for _ in 0..self.tree.extent().0 {
            if self.chosen_path() == path {
                return;
            }
            self.tree.step(Motion::Down);
        }
        panic!("no row is {path}");
    }

    fn chosen_path(&self) -> String {
        self.tree.chosen.as_ref().map(|(session, path)| format!("{}:{path}", session.0)).unwrap_or_default()
    }
}

/// The sketch of the console's page: two devices, some subscriptions, some messages.
fn sketch() -> Scene {
    let mut scene = Scene::new(&[("smoke-01", Cloud::Huawei), ("lamp-gw", Cloud::Aliyun), ("meter-7", Cloud::Ucloud)]);
    let online = StateChange { state: LineState::Online, ..StateChange::default() };
    scene.happens(0, &Kind::State(online), None);
    scene.happens(1, &Kind::State(StateChange { state: LineState::Backoff, ..online }), None);
    let sys = "$oc/devices/smoke-01/sys";
    scene.subscribed(0, &format!("{sys}/commands/#"), Qos::AtLeastOnce, Some(Qos::AtLeastOnce));
    scene.subscribed(0, &format!("{sys}/messages/down"), Qos::AtLeastOnce, Some(Qos::AtLeastOnce));
    scene.subscribed(0, &format!("{sys}/properties/set/#"), Qos::ExactlyOnce, Some(Qos::AtLeastOnce));
    scene.subscribed(0, "$oc/devices/other/sys/#", Qos::AtLeastOnce, None);
    scene.subscribed(1, "/sys/a1/lamp-gw/+/set", Qos::AtMostOnce, Some(Qos::AtMostOnce));
    for id in 0..12 {
        scene.heard(0, &format!("{sys}/commands/request_id={id:04}"), 1);
    }
    scene.heard(0, &format!("{sys}/properties/set/request_id=1"), 3);
    for name in 0..20 {
        scene.heard(1, &format!("/sys/a1/lamp-gw/thing/event/sensor{name}/post"), 107);
    }
    scene.heard(1, "/sys/a1/lamp-gw/thing/set", 2);
    scene.heard(1, "/sys/a1/lamp-gw/rrpc/set", 40);
    scene.heard(1, "用户/温度", 5);
    scene.seconds = 3;
    scene
}

#[test]
fn the_sketch_is_shown_at_every_width() {
    for (width, height) in [(30, 24), (50, 24), (20, 12), (12, 6)] {
        assert_snapshot!(format!("tree_{width}"), sketch().show(width, height));
    }
    assert_snapshot!("tree_ascii", text(&sketch().paint(30, 12, &Theme::plain(), &Signs::ASCII)));
    let dark = Theme::load("dark", None).unwrap();
    assert_snapshot!("tree_dark", styled(&sketch().paint(50, 24, &dark, &Signs::UNICODE)));
}

#[test]
fn what_is_empty_says_what_would_fill_it() {
    assert_snapshot!("tree_bare", Scene::new(&[("smoke-01", Cloud::Huawei)]).show(30, 4));
}

#[test]
fn branches_open_and_close_and_lead_up() {
    let mut scene = sketch();
    scene.show(50, 40);
    assert_eq!(scene.chosen_path(), "0:");
    assert!(scene.tree.collapse());
    let closed = scene.show(50, 40);
    assert!(!closed.contains("commands"), "{closed}");
    assert!(!scene.tree.collapse(), "there is nothing above a session");
    assert!(scene.tree.expand());
    assert!(scene.tree.expand(), "goes in");
    assert_ne!(scene.chosen_path(), "0:");
    scene.tree.step(Motion::Last);
    assert!(!scene.tree.expand(), "a session without topics has nothing to open");
    scene.choose("1:");
    scene.tree.step(Motion::Down);
    assert_eq!(scene.chosen_path(), "1:/sys/a1/lamp-gw");
    assert!(scene.tree.expand());
    scene.tree.step(Motion::Down);
    assert!(scene.tree.collapse(), "goes up");
    assert_eq!(scene.chosen_path(), "1:/sys/a1/lamp-gw");
}

#[test]
fn a_choice_names_its_branch_and_its_filter() {
    let mut scene = sketch();
    scene.show(50, 40);
    let mut seen = Vec::new();
    for _ in 0..16 {
        if let Some(chosen) = scene.tree.chosen() {
            seen.push((chosen.branch.map(str::to_owned), chosen.filter.map(str::to_owned), chosen.is_refused));
        }
        // Opens what is closed, and goes on from there.
        let rows = scene.tree.extent().0;
        if !scene.tree.expand() || scene.tree.extent().0 != rows {
            scene.tree.step(Motion::Down);
        }
    }
    let own = |text: &str| Some(text.to_owned());
    let sys = "$oc/devices/smoke-01/sys";
    assert!(seen.contains(&(None, None, false)), "the session");
    assert!(seen.contains(&(own(&format!("{sys}/commands")), own(&format!("{sys}/commands/#")), false)));
    assert!(seen.contains(&(own(&format!("{sys}/commands/request_id={{id}}")), None, false)), "{seen:?}");
    assert!(seen.contains(&(own("$oc/devices/other/sys"), own("$oc/devices/other/sys/#"), true)));
    let mut scene = sketch();
    scene.show(50, 40);
    scene.choose("1:");
    scene.tree.step(Motion::Down);
    scene.tree.expand();
    scene.tree.step(Motion::Down);
    let chosen = scene.tree.chosen().unwrap();
    assert_eq!((chosen.branch, chosen.filter), (None, Some("/sys/a1/lamp-gw/+/set")));
}

#[test]
fn a_pattern_counts_what_it_hears_and_its_branch_does_not_count_it_twice() {
    let mut scene = sketch();
    scene.show(50, 40);
    let count =
        |scene: &Scene, path| scene.tree.forest.find(SessionId(1), path).map(|at| scene.tree.forest.nodes[at].count);
    assert_eq!(count(&scene, "/sys/a1/lamp-gw/+/set"), Some(Some(42)));
    assert_eq!(count(&scene, "/sys/a1/lamp-gw"), Some(Some(20 * 107 + 42)));
    assert_eq!(count(&scene, ""), Some(Some(20 * 107 + 42 + 5)));
}

#[test]
fn the_choice_stays_on_its_row_when_topics_come() {
    let mut scene = sketch();
    scene.show(50, 10);
    scene.tree.step(Motion::Last);
    scene.tree.step(Motion::Up);
    let before = scene.chosen_path();
    for name in ["aa", "bb", "$oc/devices/smoke-01/sys/a", "/sys/a0"] {
        scene.heard(0, name, 1);
        scene.heard(1, name, 1);
    }
    let shown = scene.show(50, 10);
    assert_eq!(scene.chosen_path(), before);
    assert_eq!(shown.matches('▌').count(), 1, "{shown}");
}

#[test]
fn a_large_tree_rests_between_two_makings() {
    let mut scene = Scene::new(&[("smoke-01", Cloud::Huawei)]);
    for name in 0..20_000 {
        scene.heard(0, &format!("site/{}/room/{}/sensor/{name}", name % 7, name % 100), 1);
    }
    let size = Size::new(40, 10);
    assert_eq!(scene.tree.collect(&scene.timeline, 1_000_000, size), None);
    scene.heard(0, "another", 1);
    assert_eq!(scene.tree.collect(&scene.timeline, 1_100_000, size), Some(1_500_000));
    assert_eq!(scene.tree.forest.find(SessionId(0), "another"), None);
    assert_eq!(scene.tree.collect(&scene.timeline, 1_500_000, size), None);
    assert!(scene.tree.forest.find(SessionId(0), "another").is_some());
    scene.subscribed(0, "new/#", Qos::AtMostOnce, Some(Qos::AtMostOnce));
    assert_eq!(scene.tree.collect(&scene.timeline, 1_500_001, size), None, "a subscription is shown at once");
    assert!(scene.tree.forest.find(SessionId(0), "new").is_some());
}

#[test]
fn a_topic_of_a_thousand_levels_is_one_row_or_two() {
    let mut scene = Scene::new(&[("deep", Cloud::Mqtt)]);
    let deep = "a/".repeat(30_000);
    scene.heard(0, &deep, 1);
    scene.heard(0, &format!("{}b", &deep[..40_000]), 1);
    let shown = scene.show(40, 6);
    assert_eq!(scene.tree.extent().0, 4, "{shown}");
}

proptest! {
    #[test]
    fn no_topic_breaks_the_tree(
        topics in proptest::collection::vec(crate::console::message::tests::hostile(), 1..6),
        width in 0u16..14, height in 0u16..6, steps in proptest::collection::vec(0usize..8, 0..8),
    ) {
        let mut scene = Scene::new(&[("温度\u{1b}[2J", Cloud::Mqtt), ("", Cloud::Huawei)]);
        for (at, topic) in topics.iter().enumerate().filter(|(_, topic)| !topic.is_empty()) {
            scene.heard(u16::from(at % 2 == 0), topic, 1);
            scene.subscribed(0, topic, Qos::AtLeastOnce, Some(Qos::AtMostOnce));
        }
        for step in steps {
            assert_clean(&scene.paint(width, height, &Theme::plain(), &Signs::UNICODE));
            match step {
                0 => { scene.tree.expand(); }
                1 => { scene.tree.collapse(); }
                2 => scene.tree.step(Motion::Last),
                3 => scene.tree.step(Motion::PageUp),
                _ => scene.tree.step(Motion::Down),
            }
            prop_assert!(scene.tree.chosen().is_some());
        }
        assert_clean(&scene.paint(width, height, &Theme::plain(), &Signs::ASCII));
    }

    /// Every topic is counted once in its session, whatever the forest looks like.
    #[test]
    fn a_session_counts_all_its_messages(topics in proptest::collection::vec("[ab/]{1,5}", 1..20), filter in "[ab+/]{1,3}/#") {
        let mut scene = Scene::new(&[("one", Cloud::Mqtt)]);
        for topic in &topics {
            scene.heard(0, topic, 1);
        }
        scene.subscribed(0, &filter, Qos::AtMostOnce, Some(Qos::AtMostOnce));
        scene.show(30, 30);
        let nodes = &scene.tree.forest.nodes;
        prop_assert_eq!(nodes[0].count, Some(topics.len() as u64));
        for (at, node) in nodes.iter().enumerate() {
            prop_assert!(node.end > at && node.parent.is_none_or(|parent| parent < at && nodes[parent].end >= node.end));
        }
    }
}

#[test]
fn many_sessions_are_closed_until_somebody_opens_one() {
    let names: Vec<String> = (0..20).map(|number| format!("gateway-{number}")).collect();
    let sessions: Vec<(&str, Cloud)> = names.iter().map(|name| (name.as_str(), Cloud::Mqtt)).collect();
    let mut scene = Scene::new(&sessions);
    for session in 0..20 {
        scene.heard(session, "a/b", 1);
        scene.heard(session, "a/c", 1);
    }
    scene.tree.collect(&scene.timeline, 2_000_000, Size::new(40, 30));
    assert_eq!(scene.tree.extent().0, 20);
    scene.tree.step(Motion::Last);
    assert!(scene.tree.expand());
    scene.tree.collect(&scene.timeline, 2_000_000, Size::new(40, 30));
    assert_eq!(scene.tree.extent().0, 23);
}
