//! The keys: one table of context, chord, action and words. Help, palette and footer are made from it.

use ratatui::crossterm::event::KeyCode;

use super::action::{Action, Knob, Motion, Way};
use super::chord::Chord;

/// Where a key acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// Whatever is on the screen.
    Everywhere,
    /// In every pane where nothing is typed.
    Browse,
    /// In a replay, in every pane where nothing is typed; the keys of [`Context::Browse`] act there too.
    Replay,
    /// While a place on the tape is typed.
    Seek,
    /// In the composer.
    Compose,
    /// While the filter is typed.
    Filter,
    /// While a topic filter to subscribe to is typed.
    Prompt,
    /// While a command's name is typed.
    Palette,
    /// While the help is open.
    Help,
    /// While a question waits for its answer.
    Confirm,
    /// While a note is typed.
    Note,
    /// While the list of tapes is open.
    Tapes,
    /// While a question about a tape waits for its answer.
    Question,
    /// While a question about an answer waits.
    Again,
    /// While a code is chosen or typed.
    Codes,
    /// While the list of what a device does by itself is open.
    Doings,
    /// While a property's value is typed.
    Value,
    /// While the list of what the platform can send is open.
    Offers,
    /// In the composer while its form has the keys; the keys of [`Context::Compose`] act there too.
    Form,
    /// While the list of what can be composed is open.
    Drafts,
    /// While the file of a product's model is typed.
    Load,
}

impl Context {
    /// Whether a letter that no key of this context takes is text.
    pub fn takes_text(self) -> bool {
        matches!(
            self,
            Self::Compose
                | Self::Form
                | Self::Filter
                | Self::Prompt
                | Self::Palette
                | Self::Note
                | Self::Seek
                | Self::Codes
                | Self::Value
                | Self::Drafts
                | Self::Load
        )
    }

    /// The context whose keys act in this one too.
    fn behind(self) -> Option<Self> {
        match self {
            Self::Replay => Some(Self::Browse),
            Self::Form => Some(Self::Compose),
            _ => None,
        }
    }

    /// The help's heading.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Browse => "Panes",
            Self::Replay => "Replay",
            Self::Seek => "While typing a place on the tape",
            Self::Compose => "Composer",
            Self::Filter => "While typing a filter",
            Self::Prompt => "While typing a topic filter",
            Self::Palette => "While typing a command",
            Self::Help => "Help",
            Self::Confirm => "Leaving",
            Self::Note => "While typing a note",
            Self::Tapes => "List of tapes",
            Self::Question => "Questions about a tape",
            Self::Again => "Questions about an answer",
            Self::Codes => "While choosing a code",
            Self::Doings => "What a device does by itself",
            Self::Value => "While typing a property's value",
            Self::Offers => "What the platform can send",
            Self::Form => "Form of the composer",
            Self::Drafts => "What can be composed",
            Self::Load => "While typing a model's file",
        }
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// Where it acts.
    pub context: Context,
    /// The chords, the one to show first.
    pub chords: &'static [Chord],
    /// What it asks for.
    pub action: Action,
    /// Its name in the palette; empty: it has none.
    pub name: &'static str,
    /// What it does, in the footer's few letters; empty: never there.
    pub short: &'static str,
    /// What it does, in words.
    pub words: &'static str,
}

const fn bind(
    context: Context,
    chords: &'static [Chord],
    action: Action,
    name: &'static str,
    short: &'static str,
    words: &'static str,
) -> Binding {
    Binding { context, chords, action, name, short, words }
}

const fn letter(letter: char) -> Chord {
    Chord::letter(letter)
}

const fn key(code: KeyCode) -> Chord {
    Chord::key(code)
}

use Action as A;
use Context::{
    Again, Browse, Codes, Compose, Confirm, Doings, Drafts, Everywhere, Filter, Form, Help, Load, Note, Offers,
    Palette, Prompt, Question, Replay, Seek, Tapes, Value,
};
use Knob as K;
use Motion as M;

/// The table. In one context a chord stands once; a context's own keys go before those of [`Context::Everywhere`].
pub const KEYS: &[Binding] = &[
    bind(Browse, &[letter('j'), key(KeyCode::Down)], A::Move(M::Down), "", "", "one down"),
    bind(Browse, &[letter('k'), key(KeyCode::Up)], A::Move(M::Up), "", "", "one up"),
    bind(Browse, &[key(KeyCode::PageDown), Chord::ctrl('d')], A::Move(M::PageDown), "", "", "a page down"),
    bind(Browse, &[key(KeyCode::PageUp), Chord::ctrl('u')], A::Move(M::PageUp), "", "", "a page up"),
    bind(Browse, &[letter('g'), key(KeyCode::Home)], A::Move(M::First), "first", "", "to the first"),
    bind(Browse, &[letter('G'), key(KeyCode::End)], A::Move(M::Last), "last", "follow", "to the last, and follow"),
    bind(Browse, &[key(KeyCode::Tab)], A::NextPane, "", "pane", "next pane"),
    bind(Browse, &[key(KeyCode::BackTab)], A::PreviousPane, "", "", "previous pane"),
    bind(Browse, &[letter('h'), key(KeyCode::Left)], A::Collapse, "", "", "close a branch; pane on the left"),
    bind(Browse, &[letter('l'), key(KeyCode::Right)], A::Expand, "", "", "open a branch; pane on the right"),
    bind(Browse, &[letter('o')], A::Topics, "topics", "topics", "the topics"),
    bind(Browse, &[letter('w')], A::Requests, "requests", "requests", "the requests"),
    bind(Browse, &[letter('1')], A::Device(0), "", "", "one device (or its number after :)"),
    bind(Browse, &[letter('2')], A::Device(1), "", "", ""),
    bind(Browse, &[letter('3')], A::Device(2), "", "", ""),
    bind(Browse, &[letter('4')], A::Device(3), "", "", ""),
    bind(Browse, &[letter('5')], A::Device(4), "", "", ""),
    bind(Browse, &[letter('6')], A::Device(5), "", "", ""),
    bind(Browse, &[letter('7')], A::Device(6), "", "", ""),
    bind(Browse, &[letter('8')], A::Device(7), "", "", ""),
    bind(Browse, &[letter('9')], A::Device(8), "", "", ""),
    bind(Browse, &[letter('0')], A::AllDevices, "all", "all devices", "all devices"),
    bind(Browse, &[key(KeyCode::Enter)], A::Open, "open", "open", "open larger; filter by a topic; show a request"),
    bind(Browse, &[key(KeyCode::Esc)], A::Back, "back", "back", "back: close, clear the filter, let go"),
    bind(Browse, &[letter('/')], A::Filter, "filter", "filter", "filter as you type: words, !word, \"two words\""),
    bind(Browse, &[letter('n')], A::NextMatch, "next-match", "next", "next match of the last filter"),
    bind(Browse, &[letter('N')], A::PreviousMatch, "previous-match", "", "previous match of the last filter"),
    bind(Browse, &[letter(' ')], A::Follow, "follow", "hold", "follow or hold the stream"),
    bind(
        Browse,
        &[letter('a')],
        A::Routine,
        "all-events",
        "",
        "all events, or without granted subscriptions and acknowledgements",
    ),
    bind(Browse, &[letter('c')], A::Compose, "compose", "report", "compose a report"),
    bind(Browse, &[letter('r')], A::Reply, "reply", "reply", "reply to the selected request, else to the most urgent"),
    bind(Browse, &[letter('A')], A::Succeed, "succeed", "success", "answer that request with success, at once"),
    bind(Browse, &[letter('F')], A::Fail, "fail", "fail", "answer it with a failure code"),
    bind(Browse, &[letter('H')], A::Hold, "hold", "hold", "set it aside, or take it back"),
    bind(Browse, &[letter('I')], A::Ignore, "ignore", "ignore", "leave it without an answer, with a note"),
    bind(
        Browse,
        &[letter('B')],
        A::Doings,
        "by-itself",
        "",
        "what the device does by itself: rules, simulators, properties, upgrade, clock",
    ),
    bind(Browse, &[letter('P')], A::Offers, "platform", "", "tell the demo's platform what to send next"),
    bind(Browse, &[letter('M')], A::LoadModel, "load-model", "", "load the model of the device's product from a file"),
    bind(Browse, &[letter('s')], A::Subscribe, "subscribe", "subscribe", "subscribe to a topic filter"),
    bind(Browse, &[letter('u')], A::Unsubscribe, "unsubscribe", "unsubscribe", "end the selected subscription"),
    bind(Browse, &[letter('v')], A::View, "view", "view", "view: pretty, text, hex"),
    bind(Browse, &[letter('y')], A::CopyPayload, "copy", "copy", "copy the payload"),
    bind(Browse, &[letter('Y')], A::CopyTopic, "copy-topic", "", "copy the topic"),
    bind(Browse, &[letter('R')], A::Reconnect, "reconnect", "retry now", "reconnect now"),
    bind(Browse, &[letter('D')], A::Disconnect, "disconnect", "", "disconnect and stay offline"),
    bind(Browse, &[letter('C')], A::Connect, "connect", "connect", "connect"),
    bind(Browse, &[letter('t')], A::Tape, "tape", "tape", "start a tape of the chosen device or of all; end it"),
    bind(Browse, &[letter('L')], A::Tapes, "tapes", "tapes", "list of tapes: replay, send again, delete"),
    bind(Browse, &[letter('X')], A::StopSending, "stop-sending", "", "stop sending a tape's part again"),
    bind(Browse, &[letter('m')], A::Note, "note", "note", "a note, on the stream and on its device's tape"),
    bind(Browse, &[letter('T')], A::Theme, "theme", "", "next theme"),
    bind(Browse, &[letter('?')], A::Help, "help", "help", "help"),
    bind(Browse, &[letter(':')], A::Palette, "", "", "command by name, device by number"),
    bind(Browse, &[letter('q')], A::Quit, "quit", "leave", "leave"),
    bind(Replay, &[letter(' ')], A::Reel(K::Play), "play", "play", "play or pause"),
    bind(Replay, &[letter('.')], A::Reel(K::Step(Way::On)), "step", "step", "one event on"),
    bind(Replay, &[letter(',')], A::Reel(K::Step(Way::Back)), "step-back", "", "one event back"),
    bind(Replay, &[letter(']')], A::Reel(K::Command(Way::On)), "next-command", "command", "to the next command"),
    bind(Replay, &[letter('[')], A::Reel(K::Command(Way::Back)), "previous-command", "", "to the previous command"),
    bind(Replay, &[letter('}')], A::Reel(K::Change(Way::On)), "next-state", "", "to the next change of a line's state"),
    bind(
        Replay,
        &[letter('{')],
        A::Reel(K::Change(Way::Back)),
        "previous-state",
        "",
        "to the previous change of a line's state",
    ),
    bind(Replay, &[letter(')')], A::Reel(K::Note(Way::On)), "next-note", "", "to the next note or gap"),
    bind(Replay, &[letter('(')], A::Reel(K::Note(Way::Back)), "previous-note", "", "to the previous note or gap"),
    bind(Replay, &[letter('>')], A::Reel(K::Skip(10)), "", "", "10 s on"),
    bind(Replay, &[letter('<')], A::Reel(K::Skip(-10)), "", "", "10 s back"),
    bind(Replay, &[letter('f')], A::Reel(K::Skip(60)), "", "", "1 min on"),
    bind(Replay, &[letter('b')], A::Reel(K::Skip(-60)), "", "", "1 min back"),
    bind(
        Replay,
        &[letter('@')],
        A::Reel(K::Seek),
        "seek",
        "seek",
        "to a time, a share, an event: 14:02:11, +30, -5m, 50%, #1200",
    ),
    bind(Replay, &[letter('+')], A::Reel(K::Faster), "faster", "faster", "faster, up to 1000x and as fast as it goes"),
    bind(Replay, &[letter('-')], A::Reel(K::Slower), "slower", "", "slower, down to 0.1x"),
    bind(Replay, &[letter('=')], A::Reel(K::AsItWas), "as-it-was", "", "as fast as it was"),
    bind(
        Replay,
        &[letter('i')],
        A::Reel(K::Shorten),
        "shorten-idle",
        "",
        "idle stretches take a second at most, or their time",
    ),
    bind(Replay, &[letter('e')], A::Reel(K::Loop), "loop", "", "begin anew at the end, or stop there"),
    bind(Replay, &[letter('q')], A::Quit, "leave-replay", "leave", "leave the replay"),
    bind(Seek, &[key(KeyCode::Enter)], A::Accept, "", "go", "go there"),
    bind(Seek, &[key(KeyCode::Esc)], A::Back, "", "back", "stay"),
    bind(Compose, &[Chord::ctrl('s'), Chord::alt(KeyCode::Enter)], A::Send, "", "send", "send"),
    bind(Compose, &[Chord::ctrl('f')], A::Force, "", "force", "send in spite of a fault or a limit"),
    bind(Compose, &[Chord::ctrl('t')], A::Topic, "", "topic", "another topic"),
    bind(Compose, &[Chord::ctrl('d')], A::Drafts, "", "list", "list of what can be composed, to choose from"),
    bind(Compose, &[Chord::ctrl('o')], A::Form, "", "form", "to the form of the product's model, and back to the text"),
    bind(Compose, &[Chord::ctrl('g')], A::Fill, "", "example", "fill in the examples that the model has"),
    bind(Compose, &[Chord::ctrl('q')], A::Qos, "", "qos", "another QoS"),
    bind(Compose, &[Chord::ctrl('r')], A::Retain, "", "", "retained or not"),
    bind(Compose, &[Chord::ctrl('x')], A::Discard, "", "", "throw the draft away"),
    bind(Compose, &[key(KeyCode::Esc)], A::Back, "", "keep for later", "keep the draft and go back"),
    bind(
        Form,
        &[key(KeyCode::Enter)],
        A::Accept,
        "",
        "take",
        "take what is typed; else change the value that is there",
    ),
    bind(Form, &[key(KeyCode::Right)], A::Choice(Way::On), "", "choose", "next value of an enum or bool (or Space)"),
    bind(Form, &[key(KeyCode::Left)], A::Choice(Way::Back), "", "", "previous value of an enum or bool"),
    bind(Form, &[key(KeyCode::Delete)], A::Omit, "", "leave out", "take the field out of the body"),
    bind(Form, &[key(KeyCode::Down), key(KeyCode::Tab)], A::Move(M::Down), "", "", "next field"),
    bind(Form, &[key(KeyCode::Up), key(KeyCode::BackTab)], A::Move(M::Up), "", "", "previous field"),
    bind(Form, &[key(KeyCode::PageDown)], A::Move(M::PageDown), "", "", "a page down"),
    bind(Form, &[key(KeyCode::PageUp)], A::Move(M::PageUp), "", "", "a page up"),
    bind(Form, &[key(KeyCode::Esc)], A::Back, "", "back", "take back what is typed; else to the text"),
    bind(Drafts, &[key(KeyCode::Enter)], A::Accept, "", "compose", "compose it"),
    bind(Drafts, &[key(KeyCode::Down)], A::Move(M::Down), "", "", "one down"),
    bind(Drafts, &[key(KeyCode::Up)], A::Move(M::Up), "", "", "one up"),
    bind(Drafts, &[key(KeyCode::PageDown)], A::Move(M::PageDown), "", "", "a page down"),
    bind(Drafts, &[key(KeyCode::PageUp)], A::Move(M::PageUp), "", "", "a page up"),
    bind(Drafts, &[key(KeyCode::Esc), Chord::ctrl('d')], A::Back, "", "back", "close the list"),
    bind(Load, &[key(KeyCode::Enter)], A::Accept, "", "load", "load it"),
    bind(Load, &[key(KeyCode::Esc)], A::Back, "", "back", "load nothing"),
    bind(Filter, &[key(KeyCode::Enter)], A::Accept, "", "keep", "keep the filter"),
    bind(Filter, &[key(KeyCode::Esc)], A::Back, "", "clear", "clear the filter"),
    bind(Filter, &[key(KeyCode::Down)], A::Move(M::Down), "", "", "one down"),
    bind(Filter, &[key(KeyCode::Up)], A::Move(M::Up), "", "", "one up"),
    bind(Prompt, &[key(KeyCode::Enter)], A::Accept, "", "subscribe", "subscribe"),
    bind(Prompt, &[Chord::ctrl('q')], A::Qos, "", "qos", "another QoS"),
    bind(Prompt, &[Chord::ctrl('f')], A::Force, "", "", "subscribe in spite of a limit"),
    bind(Prompt, &[key(KeyCode::Esc)], A::Back, "", "back", "do not subscribe"),
    bind(Palette, &[key(KeyCode::Enter)], A::Accept, "", "run", "run the command"),
    bind(Palette, &[key(KeyCode::Down), Chord::ctrl('n')], A::Move(M::Down), "", "", "next command"),
    bind(Palette, &[key(KeyCode::Up), Chord::ctrl('p')], A::Move(M::Up), "", "", "previous command"),
    bind(Palette, &[key(KeyCode::Esc)], A::Back, "", "back", "run nothing"),
    bind(Help, &[letter('j'), key(KeyCode::Down)], A::Move(M::Down), "", "down", "one down"),
    bind(Help, &[letter('k'), key(KeyCode::Up)], A::Move(M::Up), "", "up", "one up"),
    bind(Help, &[key(KeyCode::PageDown), letter(' ')], A::Move(M::PageDown), "", "page", "a page down"),
    bind(Help, &[key(KeyCode::PageUp)], A::Move(M::PageUp), "", "", "a page up"),
    bind(Help, &[letter('g'), key(KeyCode::Home)], A::Move(M::First), "", "", "to the first"),
    bind(Help, &[letter('G'), key(KeyCode::End)], A::Move(M::Last), "", "", "to the last"),
    bind(Help, &[key(KeyCode::Esc), letter('?'), letter('q')], A::Back, "", "close", "close the help"),
    bind(Confirm, &[letter('y'), letter('q'), key(KeyCode::Enter)], A::Accept, "", "leave", "yes, leave"),
    bind(Confirm, &[key(KeyCode::Esc), letter('n')], A::Back, "", "stay", "no, stay"),
    bind(Note, &[key(KeyCode::Enter)], A::Accept, "", "note", "note it"),
    bind(Note, &[key(KeyCode::Esc)], A::Back, "", "back", "note nothing"),
    bind(Tapes, &[key(KeyCode::Enter)], A::Accept, "", "replay", "replay it, or all that are marked as one"),
    bind(Tapes, &[letter(' ')], A::Mark, "", "mark", "mark it, to be replayed with others"),
    bind(Tapes, &[letter('p')], A::Resend, "", "send", "send again what its device sent (asks first)"),
    bind(Tapes, &[letter('d'), key(KeyCode::Delete)], A::Discard, "", "delete", "delete it (asks first)"),
    bind(Tapes, &[letter('j'), key(KeyCode::Down)], A::Move(M::Down), "", "", "one down"),
    bind(Tapes, &[letter('k'), key(KeyCode::Up)], A::Move(M::Up), "", "", "one up"),
    bind(Tapes, &[key(KeyCode::PageDown), Chord::ctrl('d')], A::Move(M::PageDown), "", "", "a page down"),
    bind(Tapes, &[key(KeyCode::PageUp), Chord::ctrl('u')], A::Move(M::PageUp), "", "", "a page up"),
    bind(Tapes, &[letter('g'), key(KeyCode::Home)], A::Move(M::First), "", "", "to the newest"),
    bind(Tapes, &[letter('G'), key(KeyCode::End)], A::Move(M::Last), "", "", "to the oldest"),
    bind(Tapes, &[key(KeyCode::Esc), letter('q'), letter('L')], A::Back, "", "close", "close the list"),
    bind(Question, &[letter('y'), key(KeyCode::Enter)], A::Accept, "", "yes", "yes, do it"),
    bind(Question, &[key(KeyCode::Esc), letter('n'), letter('q')], A::Back, "", "no", "no"),
    bind(Question, &[letter('1')], A::Device(0), "", "", "to another device"),
    bind(Question, &[letter('2')], A::Device(1), "", "", ""),
    bind(Question, &[letter('3')], A::Device(2), "", "", ""),
    bind(Question, &[letter('4')], A::Device(3), "", "", ""),
    bind(Question, &[letter('5')], A::Device(4), "", "", ""),
    bind(Question, &[letter('6')], A::Device(5), "", "", ""),
    bind(Question, &[letter('7')], A::Device(6), "", "", ""),
    bind(Question, &[letter('8')], A::Device(7), "", "", ""),
    bind(Question, &[letter('9')], A::Device(8), "", "", ""),
    bind(Again, &[letter('y'), key(KeyCode::Enter)], A::Accept, "", "yes", "yes, answer (so does the key that asked)"),
    bind(Again, &[letter('A')], A::Succeed, "", "", ""),
    bind(Again, &[key(KeyCode::Esc), letter('n'), letter('q')], A::Back, "", "no", "no"),
    bind(Codes, &[key(KeyCode::Enter)], A::Accept, "", "answer", "take the code"),
    bind(Codes, &[key(KeyCode::Down), key(KeyCode::Tab)], A::Move(M::Down), "", "next", "next code of the cloud"),
    bind(Codes, &[key(KeyCode::Up), key(KeyCode::BackTab)], A::Move(M::Up), "", "", "previous code of the cloud"),
    bind(Codes, &[key(KeyCode::Esc)], A::Back, "", "back", "answer nothing"),
    bind(
        Doings,
        &[letter(' '), key(KeyCode::Enter)],
        A::Accept,
        "",
        "switch",
        "a rule or a simulator on or off; run the ordered upgrade; ask for the time; set the property",
    ),
    bind(Doings, &[letter('a')], A::Rules, "", "all rules", "all rules on or off"),
    bind(Doings, &[letter('f')], A::Fail, "", "fail", "have the ordered upgrade fail with a code"),
    bind(Doings, &[letter('t')], A::AskTime, "", "time", "ask the platform for its time"),
    bind(Doings, &[letter('s')], A::SetProperty, "", "set", "give a property a value, one that has none too"),
    bind(Doings, &[letter('j'), key(KeyCode::Down)], A::Move(M::Down), "", "", "one down"),
    bind(Doings, &[letter('k'), key(KeyCode::Up)], A::Move(M::Up), "", "", "one up"),
    bind(Doings, &[key(KeyCode::PageDown), Chord::ctrl('d')], A::Move(M::PageDown), "", "", "a page down"),
    bind(Doings, &[key(KeyCode::PageUp), Chord::ctrl('u')], A::Move(M::PageUp), "", "", "a page up"),
    bind(Doings, &[letter('g'), key(KeyCode::Home)], A::Move(M::First), "", "", "to the first"),
    bind(Doings, &[letter('G'), key(KeyCode::End)], A::Move(M::Last), "", "", "to the last"),
    bind(Doings, &[letter('1')], A::Device(0), "", "", "another device"),
    bind(Doings, &[letter('2')], A::Device(1), "", "", ""),
    bind(Doings, &[letter('3')], A::Device(2), "", "", ""),
    bind(Doings, &[letter('4')], A::Device(3), "", "", ""),
    bind(Doings, &[letter('5')], A::Device(4), "", "", ""),
    bind(Doings, &[letter('6')], A::Device(5), "", "", ""),
    bind(Doings, &[letter('7')], A::Device(6), "", "", ""),
    bind(Doings, &[letter('8')], A::Device(7), "", "", ""),
    bind(Doings, &[letter('9')], A::Device(8), "", "", ""),
    bind(Doings, &[key(KeyCode::Esc), letter('q'), letter('B')], A::Back, "", "close", "close the list"),
    bind(Value, &[key(KeyCode::Enter)], A::Accept, "", "set", "set the property; nothing is sent"),
    bind(Value, &[key(KeyCode::Esc)], A::Back, "", "back", "leave the property as it is"),
    bind(Offers, &[key(KeyCode::Enter), letter(' ')], A::Accept, "", "send", "have it sent"),
    bind(Offers, &[letter('j'), key(KeyCode::Down)], A::Move(M::Down), "", "down", "one down"),
    bind(Offers, &[letter('k'), key(KeyCode::Up)], A::Move(M::Up), "", "", "one up"),
    bind(Offers, &[key(KeyCode::PageDown)], A::Move(M::PageDown), "", "", "a page down"),
    bind(Offers, &[key(KeyCode::PageUp)], A::Move(M::PageUp), "", "", "a page up"),
    bind(Offers, &[letter('g'), key(KeyCode::Home)], A::Move(M::First), "", "", "to the first"),
    bind(Offers, &[letter('G'), key(KeyCode::End)], A::Move(M::Last), "", "", "to the last"),
    bind(Offers, &[letter('1')], A::Device(0), "", "", "another device"),
    bind(Offers, &[letter('2')], A::Device(1), "", "", ""),
    bind(Offers, &[letter('3')], A::Device(2), "", "", ""),
    bind(Offers, &[letter('4')], A::Device(3), "", "", ""),
    bind(Offers, &[letter('5')], A::Device(4), "", "", ""),
    bind(Offers, &[letter('6')], A::Device(5), "", "", ""),
    bind(Offers, &[letter('7')], A::Device(6), "", "", ""),
    bind(Offers, &[letter('8')], A::Device(7), "", "", ""),
    bind(Offers, &[letter('9')], A::Device(8), "", "", ""),
    bind(Offers, &[key(KeyCode::Esc), letter('q'), letter('P')], A::Back, "", "close", "close the list"),
    bind(Everywhere, &[Chord::ctrl('c')], A::Interrupt, "", "", "leave, when pressed twice"),
    bind(Everywhere, &[Chord::ctrl('z')], A::Suspend, "suspend", "", "back to the shell for a while (fg returns)"),
    bind(Everywhere, &[Chord::ctrl('l')], A::Redraw, "redraw", "", "draw everything anew"),
];

/// What `chord` asks for in `context`.
pub fn lookup(context: Context, chord: Chord) -> Option<Action> {
    let of = |wanted: Context| {
        KEYS.iter()
            .find(|binding| binding.context == wanted && binding.chords.contains(&chord))
            .map(|found| found.action)
    };
    of(context).or_else(|| of(context.behind()?)).or_else(|| of(Context::Everywhere))
}

/// The row of `action` in `context`, else everywhere.
pub fn binding(context: Context, action: Action) -> Option<&'static Binding> {
    let of = |wanted: Context| KEYS.iter().find(|binding| binding.context == wanted && binding.action == action);
    of(context).or_else(|| of(context.behind()?)).or_else(|| of(Context::Everywhere))
}

/// The chord to show for `action` in `context`, as words.
pub fn chord_words(context: Context, action: Action) -> String {
    binding(context, action).and_then(|found| found.chords.first()).map_or_else(String::new, Chord::to_string)
}

/// The commands that the palette knows in `context`: those whose name begins with `typed`, then those that hold it elsewhere in
/// name or words.
pub fn commands(context: Context, typed: &str) -> Vec<&'static Binding> {
    let typed = typed.trim().to_lowercase();
    let here = [Some(context), context.behind(), Some(Context::Everywhere)];
    // What stands twice is what the nearer context says.
    let is_first =
        |binding: &&Binding| self::binding(context, binding.action).is_some_and(|first| std::ptr::eq(first, *binding));
    let named = || {
        KEYS.iter().filter(|binding| !binding.name.is_empty() && here.contains(&Some(binding.context))).filter(is_first)
    };
    let begins = |binding: &&Binding| binding.name.starts_with(&typed);
    let holds = |binding: &&Binding| binding.name.contains(&typed) || binding.words.contains(&typed);
    named().filter(begins).chain(named().filter(|binding| !begins(binding) && holds(binding))).collect()
}

#[cfg(test)]
mod tests;
