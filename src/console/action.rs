//! What a key, or a command by name, asks for.

/// One thing that the person at the keys can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Move in the focused pane.
    Move(Motion),
    /// Give the next pane the focus.
    NextPane,
    /// Give the previous pane the focus.
    PreviousPane,
    /// Close a branch, or go to the pane on the left.
    Collapse,
    /// Open a branch, or go to the pane on the right.
    Expand,
    /// Show one device, counted from 0.
    Device(usize),
    /// Show all devices.
    AllDevices,
    /// Go to the topics.
    Topics,
    /// Go to the requests.
    Requests,
    /// Open what is selected, larger.
    Open,
    /// Go back: close, clear, let go.
    Back,
    /// Type a filter.
    Filter,
    /// Go to the next match of the last filter.
    NextMatch,
    /// Go to the previous match of the last filter.
    PreviousMatch,
    /// Follow the stream or hold it.
    Follow,
    /// Show routine events or leave them out.
    Routine,
    /// Compose a report.
    Compose,
    /// Reply to a request.
    Reply,
    /// Answer a request with success, at once.
    Succeed,
    /// Answer a request with a failure code.
    Fail,
    /// Set a request aside, or take it back.
    Hold,
    /// Leave a request without an answer.
    Ignore,
    /// Show what the device does by itself.
    Doings,
    /// Tell the platform's application what to send next.
    Offers,
    /// Switch all rules on or off.
    Rules,
    /// Ask the platform for its time.
    AskTime,
    /// Give a property of the device a value.
    SetProperty,
    /// Send what is composed.
    Send,
    /// Send in spite of a fault or a limit.
    Force,
    /// Choose another topic for what is composed.
    Topic,
    /// List what can be composed.
    Drafts,
    /// Go to the form of the body, or back to its text.
    Form,
    /// Fill in the examples that the product's model has.
    Fill,
    /// Take the next or the previous value of a field that has few.
    Choice(Way),
    /// Take a field out of the body.
    Omit,
    /// Load a product's model.
    LoadModel,
    /// Choose another quality of service for what is composed.
    Qos,
    /// Have what is composed retained, or not.
    Retain,
    /// Throw what is composed, or a tape, away.
    Discard,
    /// Subscribe to a topic filter.
    Subscribe,
    /// End a subscription.
    Unsubscribe,
    /// Show the message in another way.
    View,
    /// Copy the payload.
    CopyPayload,
    /// Copy the topic.
    CopyTopic,
    /// Connect at once.
    Reconnect,
    /// Disconnect and stay offline.
    Disconnect,
    /// Connect.
    Connect,
    /// Start a tape, or end the one that runs.
    Tape,
    /// List the tapes.
    Tapes,
    /// Mark a tape, to be replayed with others.
    Mark,
    /// Send again what a tape's device sent.
    Resend,
    /// Stop sending a tape's part again.
    StopSending,
    /// Note something.
    Note,
    /// Turn a knob of the replay.
    Reel(Knob),
    /// Take the next theme.
    Theme,
    /// Show the keys.
    Help,
    /// Run a command by name.
    Palette,
    /// Accept what is typed, or what is asked.
    Accept,
    /// Leave.
    Quit,
    /// Leave, when asked twice.
    Interrupt,
    /// Stop the program until the shell continues it.
    Suspend,
    /// Draw everything anew.
    Redraw,
}

/// The knobs of a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Knob {
    /// Play, or pause.
    Play,
    /// Go one event on, or back.
    Step(Way),
    /// Go to the next or previous command.
    Command(Way),
    /// Go to the next or previous change of a line's state.
    Change(Way),
    /// Go to the next or previous note or gap.
    Note(Way),
    /// Go on or back by so many seconds.
    Skip(i16),
    /// Play faster.
    Faster,
    /// Play slower.
    Slower,
    /// Play as fast as it was.
    AsItWas,
    /// Type a place to go to.
    Seek,
    /// Shorten idle stretches, or not.
    Shorten,
    /// Begin anew at the end, or not.
    Loop,
}

/// On, or back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// To later events.
    On,
    /// To earlier ones.
    Back,
}

/// A movement in a list or a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Motion {
    /// One up.
    Up,
    /// One down.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the first.
    First,
    /// To the last.
    Last,
}

impl Motion {
    /// Where it leads from `place` in a list whose last place is `last`, with pages of `page` lines.
    pub fn goal(self, place: usize, last: usize, page: usize) -> usize {
        let goal = match self {
            Self::Up => place.saturating_sub(1),
            Self::Down => place.saturating_add(1),
            Self::PageUp => place.saturating_sub(page),
            Self::PageDown => place.saturating_add(page),
            Self::First => 0,
            Self::Last => last,
        };
        goal.min(last)
    }
}
