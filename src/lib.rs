//! standin: a terminal console that stands in for IoT devices.
//!
//! A **pure core** is handed its input and the time; a **thin shell** owns sockets, clocks, files and the screen.
//! One type travels between them: [`event::Event`], what happened, when, to which device session.
//!
//! | module | what lives there | |
//! |---|---|---|
//! | [`event`] | the one currency: events, their time stamps, their JSON | pure |
//! | [`profile`] | a device as checked values | pure |
//! | [`secret`] | values that never print | pure |
//! | [`text`] | `Safe` text, display width, wrapping, JSON escapes | pure |
//! | [`mqtt`] | an MQTT 3.1.1 client as a state machine, and the codec | pure |
//! | [`cloud`] | what each platform asks of a device: one folder a cloud | pure |
//! | [`behaviour`] | what a device does by itself: rules, simulators, upgrades | pure |
//! | [`model`] | product models: read, check a value, an example, JSON with places | pure |
//! | [`template`] | text and JSON with holes that are filled in when an answer is made | pure |
//! | [`timeline`] | bounded history of events in memory: store, filter, topics, requests | pure |
//! | [`link`] | a byte stream to a platform: TCP, proxy, TLS, WebSocket | shell |
//! | [`tape`] | recordings: write, read, verify, repair, export | shell |
//! | [`session`] | a device session: drives link, mqtt and cloud, backs off, emits events | shell |
//! | [`replay`] | tapes played: on the timeline, and to a platform again | shell |
//! | [`console`] | the screen: state, actions, keymap, panes, themes, terminal | shell |
//! | [`sim`] | an embedded platform to try against | shell |
//! | [`scenario`] | tests of devices and platforms without a screen | shell |
//! | [`config`] | files, environment and flags to checked values | shell |
//! | [`cli`] | one file a subcommand | shell |
//!
//! Who may use whom is a table in `tests/architecture.rs`, which reads the sources and fails on a breach.

pub mod behaviour;
pub mod cli;
pub mod cloud;
pub mod config;
pub mod console;
pub mod event;
pub mod link;
pub mod model;
pub mod mqtt;
pub mod profile;
pub mod replay;
pub mod scenario;
pub mod secret;
pub mod session;
pub mod sim;
pub mod tape;
pub mod template;
pub mod text;
pub mod timeline;
