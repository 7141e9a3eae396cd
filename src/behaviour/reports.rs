//! Reports that simulators make.

use std::sync::Arc;

use super::machine::Behaviour;
use super::{SimulatorStanding, simulator};
use crate::event::Moment;

impl Behaviour {
    pub(super) fn switch_simulator(&mut self, name: &str, on: bool, now: Moment) -> Result<(), String> {
        let online = self.online;
        let of_name = self.simulators.iter_mut().find(|simulator| simulator.simulator().name == name);
        let simulator = of_name.ok_or_else(|| format!("there is no simulator `{name}`"))?;
        simulator.switch(on, online, now.mono);
        Ok(())
    }

    /// Sends the reports that are due. The properties take the values over when a report has gone.
    pub(super) fn report_by_simulators(&mut self, now: Moment) {
        for place in 0..self.simulators.len() {
            let Some(simulator) = self.simulators.get_mut(place) else { break };
            let values = simulator.tick(now.mono, self.maker.random());
            if values.is_empty() {
                continue;
            }
            let name = simulator.simulator().name.clone();
            let serial = self.serial(now);
            if let Some(draft) = self.platform.report(serial, &values, None) {
                let by: Arc<str> = format!("simulator {name}").into();
                self.send(draft, &by);
            } else {
                // A plain broker has no reports of its own.
                self.note(format!("simulator {name} is off: this platform has no form for reports"));
                if let Some(simulator) = self.simulators.get_mut(place) {
                    simulator.switch(false, false, now.mono);
                }
            }
            self.changed(now);
        }
    }
}

impl simulator::Running {
    pub(super) fn standing(&self) -> SimulatorStanding {
        let simulator = self.simulator();
        SimulatorStanding {
            name: simulator.name.clone(),
            words: simulator.words(),
            on: self.is_on(),
            reports: self.reports(),
        }
    }
}
