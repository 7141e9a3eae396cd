//! What a device does by itself: the tables of its [`Plan`].

use std::path::Path;

use super::simulators;
use super::table::Table;
use crate::behaviour::Plan;

/// The plan of a device; every fault goes to the table's report. `folder` is what the paths of files start from.
pub(super) fn plan(device: &Table<'_>, folder: &Path) -> Plan {
    Plan { simulators: simulators::simulators(device, folder), ..Plan::default() }
}
