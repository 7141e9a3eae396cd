//! The list of what a device does by itself: rules, simulators, the ordered upgrade, the clock, properties.
//!
//! What lives here: its lines, and which of them is chosen. What may not: what a key does (that is `update::doings`) or painting
//! (that is `panes::doings`).

use super::action::Motion;
use crate::behaviour::Standing;
use crate::cloud::Property;
use crate::timeline::SessionId;

/// The list, as the keys left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doings {
    /// The session whose device it is of.
    pub session: SessionId,
    /// What is under the cursor; `None`: the first.
    pub chosen: Option<Item>,
}

/// Something of the list. Names bind a key to what was shown, whatever comes in above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A rule, by its name.
    Rule(String),
    /// A simulator, by its name.
    Simulator(String),
    /// The upgrade that the platform ordered.
    Upgrade,
    /// The platform's clock.
    Clock,
    /// A property.
    Property(Property),
}

impl Doings {
    /// The list of that session's device.
    pub fn of(session: SessionId) -> Self {
        Self { session, chosen: None }
    }

    /// The place of what is under the cursor among `items`: what is gone leaves the cursor on the first.
    pub fn place(&self, items: &[Item]) -> usize {
        self.chosen.as_ref().and_then(|chosen| items.iter().position(|item| item == chosen)).unwrap_or(0)
    }

    /// Moves the cursor; a page has so many lines.
    pub fn step(&mut self, items: &[Item], motion: Motion, page: usize) {
        let (place, last) = (self.place(items), items.len().saturating_sub(1));
        self.chosen = items.get(motion.goal(place, last, page)).cloned();
    }
}

/// All that the list shows of `standing`, in its order: what comes and goes stands last.
pub fn items(standing: &Standing) -> Vec<Item> {
    let rules = standing.rules.iter().map(|rule| Item::Rule(rule.name.clone()));
    let simulators = standing.simulators.iter().map(|simulator| Item::Simulator(simulator.name.clone()));
    let upgrade = standing.upgrade.iter().map(|_| Item::Upgrade);
    let properties = standing.properties.iter().map(|(property, _)| Item::Property(property.clone()));
    rules.chain(simulators).chain(upgrade).chain([Item::Clock]).chain(properties).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::behaviour::RuleStanding;

    #[test]
    fn the_cursor_stays_on_what_it_was_put_on() {
        let rule = |name: &str| RuleStanding { name: name.to_owned(), ..RuleStanding::default() };
        let mut standing = Standing { rules: vec![rule("a"), rule("b")], ..Standing::default() };
        standing.properties.push((Property::of("", "level"), json!(1)));
        let mut doings = Doings::of(SessionId(0));
        for (motion, wanted) in [
            (Motion::Down, Item::Rule("b".to_owned())),
            (Motion::Down, Item::Clock),
            (Motion::PageDown, Item::Property(Property::of("", "level"))),
            (Motion::Down, Item::Property(Property::of("", "level"))),
            (Motion::Up, Item::Clock),
            (Motion::PageUp, Item::Rule("a".to_owned())),
            (Motion::Last, Item::Property(Property::of("", "level"))),
        ] {
            doings.step(&items(&standing), motion, 10);
            assert_eq!(doings.chosen, Some(wanted));
        }
        standing.properties.insert(0, (Property::of("", "alarm"), json!(0)));
        let all = items(&standing);
        assert_eq!(all[doings.place(&all)], Item::Property(Property::of("", "level")));
        standing.properties.clear();
        assert_eq!(doings.place(&items(&standing)), 0);
    }
}
