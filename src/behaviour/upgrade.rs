//! Upgrades over the air: an order, a download and an installation that only seem to happen, and the versions that come of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::machine::Behaviour;
use super::{Plan, PlannedUpgrade, UpgradeStanding};
use crate::cloud::{Upgrade, UpgradeStep};
use crate::event::Moment;

/// What an upgrade says on its way.
const STEPS: [UpgradeStep; 9] = [
    UpgradeStep::Downloading(0),
    UpgradeStep::Downloading(25),
    UpgradeStep::Downloading(50),
    UpgradeStep::Downloading(75),
    UpgradeStep::Downloading(100),
    UpgradeStep::Installing(0),
    UpgradeStep::Installing(50),
    UpgradeStep::Installing(100),
    UpgradeStep::Done,
];

/// In place of which step an upgrade fails: while it downloads, when the download has been checked, or while it installs.
const FAILS_LOADING: usize = 3;
const FAILS_CHECKED: usize = 5;
const FAILS_INSTALLING: usize = 7;

/// How long an upgrade takes that a person starts, where the plan does not say.
const USUAL: Duration = Duration::from_secs(4);

/// The version of a module of which no other is known.
const FIRST_VERSION: &str = "1.0.0";

/// No more versions are known of modules that only orders have named: the oldest goes.
const MODULES: usize = 64;

/// No module's name and no version is longer, in bytes: the clouds take 64 characters.
const LONGEST: usize = 256;

/// Who upgrades, on the events.
const BY: &str = "upgrade";

/// The device's versions, and the upgrade that was ordered last.
#[derive(Debug)]
pub(super) struct Upgrades {
    /// Those of the plan come first.
    versions: Vec<(String, String)>,
    in_plan: usize,
    is_reported: bool,
    planned: Option<PlannedUpgrade>,
    ordered: Option<Ordered>,
}

#[derive(Debug)]
struct Ordered {
    upgrade: Upgrade,
    step: Option<UpgradeStep>,
    run: Option<Run>,
}

/// An upgrade on its way.
#[derive(Debug)]
struct Run {
    /// The place of the next step.
    next: usize,
    /// When it is due; `None` while the device is offline.
    due: Option<Instant>,
    between: Duration,
    /// The place of the step that fails, and the code.
    failure: Option<(usize, i64)>,
}

impl Upgrades {
    pub(super) fn new(plan: &Plan) -> Self {
        Self {
            versions: plan.versions.clone(),
            in_plan: plan.versions.len(),
            is_reported: plan.report_versions,
            planned: plan.upgrade.clone(),
            ordered: None,
        }
    }

    /// Whether the versions are told at each connect.
    pub(super) fn is_reported(&self) -> bool {
        self.is_reported
    }

    pub(super) fn standing(&self) -> Option<UpgradeStanding> {
        let Ordered { upgrade, step, .. } = self.ordered.as_ref()?;
        Some(UpgradeStanding { module: upgrade.module.clone(), version: upgrade.version.clone(), step: *step })
    }

    pub(super) fn due(&self) -> Option<Instant> {
        self.ordered.as_ref()?.run.as_ref()?.due
    }

    /// It goes on where it stopped.
    pub(super) fn online(&mut self, now: Instant) {
        if let Some(run) = self.ordered.as_mut().and_then(|ordered| ordered.run.as_mut()) {
            run.due = Some(now);
        }
    }

    pub(super) fn offline(&mut self) {
        if let Some(run) = self.ordered.as_mut().and_then(|ordered| ordered.run.as_mut()) {
            run.due = None;
        }
    }

    /// The next step, if it is due; a run that has ended is gone.
    fn step(&mut self, now: Instant) -> Option<(Upgrade, UpgradeStep)> {
        let ordered = self.ordered.as_mut()?;
        let run = ordered.run.as_mut()?;
        let due = run.due.filter(|due| *due <= now)?;
        let step = match run.failure {
            Some((place, code)) if place == run.next => UpgradeStep::Failed(code),
            _ => *STEPS.get(run.next)?,
        };
        run.next += 1;
        run.due = Some((due + run.between).max(now));
        ordered.step = Some(step);
        if matches!(step, UpgradeStep::Done | UpgradeStep::Failed(_)) {
            ordered.run = None;
        }
        Some((ordered.upgrade.clone(), step))
    }

    fn installed(&mut self, upgrade: &Upgrade) {
        let is_it = |module: &str| module == upgrade.module || (is_main(module) && is_main(&upgrade.module));
        if let Some((_, version)) = self.versions.iter_mut().find(|(module, _)| is_it(module)) {
            version.clone_from(&upgrade.version);
            return;
        }
        self.versions.push((upgrade.module.clone(), upgrade.version.clone()));
        if self.versions.len() > self.in_plan + MODULES {
            self.versions.remove(self.in_plan);
        }
    }
}

/// Whether a module is the device's main one, which goes by several names and by none.
fn is_main(module: &str) -> bool {
    matches!(module, "" | "default" | "firmware")
}

impl Behaviour {
    pub(super) fn upgrade_ordered(&mut self, now: Moment, upgrade: Upgrade) {
        if upgrade.module.len().max(upgrade.version.len()) > LONGEST {
            self.note(format!("{BY}: an order is passed over: its module or version is longer than {LONGEST} bytes"));
            return;
        }
        let words = format!("the platform orders {} {}", upgrade.module, upgrade.version);
        let planned = self.upgrades.planned.clone();
        let waits = if planned.is_some() { "the upgrade begins" } else { "the upgrade waits for you to start it" };
        self.note(format!("{words}: {waits}"));
        self.upgrades.ordered = Some(Ordered { upgrade, step: None, run: None });
        if let Some(PlannedUpgrade { failure, .. }) = planned
            && let Err(why) = self.start_upgrade(now, failure)
        {
            self.note(format!("{BY}: {why}"));
        }
        self.changed(now);
    }

    pub(super) fn upgrade_cancelled(&mut self, now: Moment) {
        if let Some(Ordered { upgrade, .. }) = self.upgrades.ordered.take() {
            self.note(format!("the platform takes the upgrade to {} {} back", upgrade.module, upgrade.version));
            self.changed(now);
        }
    }

    /// Runs the upgrade that was ordered last.
    pub(super) fn start_upgrade(&mut self, now: Moment, failure: Option<i64>) -> Result<(), String> {
        let takes = self.upgrades.planned.as_ref().map_or(USUAL, |planned| planned.takes);
        let failure = failure.map(|code| self.failure(code)).transpose()?;
        let due = self.online.then_some(now.mono);
        let ordered = self.upgrades.ordered.as_mut().ok_or("the platform has ordered no upgrade")?;
        if ordered.run.is_some() {
            return Err("the upgrade is under way already".to_owned());
        }
        if ordered.step == Some(UpgradeStep::Done) {
            return Err(format!("{} is at {} already", ordered.upgrade.module, ordered.upgrade.version));
        }
        // As many pauses as there are steps after the first.
        let last = failure.map_or(STEPS.len() - 1, |(place, _)| place);
        let between = takes / u32::try_from(last).unwrap_or(1).max(1);
        ordered.run = Some(Run { next: 0, due, between, failure });
        self.go_on_with_upgrade(now);
        Ok(())
    }

    /// Takes the steps that are due.
    pub(super) fn go_on_with_upgrade(&mut self, now: Moment) {
        while let Some((upgrade, step)) = self.upgrades.step(now.mono) {
            let by = Arc::from(BY);
            let serial = self.serial(now);
            // Not every cloud has a message for every step.
            if let Some(draft) = self.platform.upgrade_progress(serial, now.at, &upgrade, step) {
                self.send(draft, &by);
            }
            match step {
                UpgradeStep::Done => {
                    self.upgrades.installed(&upgrade);
                    // What was told before is not so any more.
                    self.turn.versions = false;
                    self.note(format!("{BY}: {} is at {}", upgrade.module, upgrade.version));
                    let serial = self.serial(now);
                    let report = self.platform.version_report(serial, now.at, &upgrade.module, &upgrade.version);
                    if let Some(draft) = report {
                        self.send(draft, &by);
                    }
                }
                UpgradeStep::Failed(code) => self.note(format!("{BY}: {}", self.failure_words(code))),
                UpgradeStep::Downloading(_) | UpgradeStep::Installing(_) => {}
            }
            self.changed(now);
        }
    }

    /// Tells the platform the versions of all modules.
    pub(super) fn report_versions(&mut self, now: Moment) {
        if std::mem::replace(&mut self.turn.versions, true) {
            return;
        }
        let mut versions = self.upgrades.versions.clone();
        if versions.is_empty() {
            versions.push((String::new(), FIRST_VERSION.to_owned()));
        }
        for (module, version) in versions {
            let serial = self.serial(now);
            if let Some(draft) = self.platform.version_report(serial, now.at, &module, &version) {
                self.send(draft, &Arc::from(BY));
            }
        }
    }

    /// Where an upgrade fails with `code`, which must be one of the cloud's.
    fn failure(&self, code: i64) -> Result<(usize, i64), String> {
        let known = self.platform.upgrade_failures();
        let Some((_, words)) = known.iter().find(|(other, _)| *other == code) else {
            let codes: Vec<String> = known.iter().map(|(code, _)| code.to_string()).collect();
            let there = if codes.is_empty() { "none".to_owned() } else { codes.join(", ") };
            return Err(format!("{code} is no code with which an upgrade fails here: there are {there}"));
        };
        let says = |word: &[&str]| word.iter().any(|word| words.contains(word));
        let place = if says(&["install", "flash", "burn", "memory"]) {
            FAILS_INSTALLING
        } else if says(&["check", "verif", "match"]) {
            FAILS_CHECKED
        } else {
            FAILS_LOADING
        };
        Ok((place, code))
    }

    fn failure_words(&self, code: i64) -> String {
        let known = self.platform.upgrade_failures().iter().find(|(other, _)| *other == code);
        known.map_or_else(|| format!("failed with {code}"), |(_, words)| format!("failed with {code}: {words}"))
    }
}
