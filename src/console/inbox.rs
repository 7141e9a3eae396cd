//! The inbox of requests: which one is chosen, what an answer to it is bound to, and what speaks against an answer.
//!
//! What lives here: that choice and those words. What may not: what a key does (that is `update::inbox`) or painting (that is
//! `panes::requests`).

use std::time::Instant;

use super::words;
use crate::cloud::{Direction, Platform};
use crate::event::Irregular;
use crate::text::Safe;
use crate::timeline::{Request, RequestState, Requests, SessionId};

/// Payloads up to this size are looked into for a request's name and parameters.
pub const NAMED_UP_TO: usize = 64 * 1024;
/// A name in a question or a list is no longer than this, in bytes.
const NAME: usize = 60;

/// What the person at the keys has chosen in the inbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inbox {
    /// The chosen request, by its event's number; `None`: whichever is the most urgent.
    pub chosen: Option<u64>,
    /// The one that a key acted on last: what a key means where nothing is under the cursor and nothing waits.
    pub last: Option<u64>,
    /// On which line of the pane the chosen one stands: it stays there while others come and go above it.
    pub line: usize,
    /// The most urgent one that the screen has shown, by its event's number. A key means that one, not another that has become
    /// the most urgent since.
    pub urgent: Option<u64>,
    /// The same of the device that the stream is limited to.
    pub here: Here,
}

/// The most urgent request that the screen has shown while the stream was limited to a device, or to none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Here {
    /// That device.
    pub device: Option<SessionId>,
    /// The request, by its event's number.
    pub seq: Option<u64>,
}

impl Inbox {
    /// The request that a key in the pane means, by its event's number: the chosen one, else the most urgent that was shown, else
    /// the one that a key acted on last.
    pub fn meant(&self) -> Option<u64> {
        self.chosen.or(self.urgent).or(self.last)
    }
}

/// A request that an answer is for: whatever happens to its row meanwhile, the answer is for this one or for none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The session that it came to.
    pub session: SessionId,
    /// The number of the event that brought it.
    pub seq: u64,
    /// Its id.
    pub request_id: String,
    /// How it is called on the screen: "SILENCE of 1 smoke-01".
    pub name: Safe,
}

impl Bound {
    /// Binds to `request`, which came to the device called `device`.
    pub fn to(request: &Request, device: &str, platform: &dyn Platform) -> Self {
        let number = u32::from(request.session.0) + 1;
        let name = format!("{} of {number} {device}", name_of(request, platform));
        let request_id = request.request_id.clone();
        Self { session: request.session, seq: request.seq, request_id, name: Safe::new(&name) }
    }
}

/// What a request asks for, in a word: the command's name, else its kind.
pub fn name_of(request: &Request, platform: &dyn Platform) -> String {
    let payload = if request.payload.len() > NAMED_UP_TO { &[][..] } else { &request.payload };
    let name = platform.summary(Direction::Down, &request.topic, payload).name;
    if name.is_empty() { request.what.word().replace('-', " ") } else { words::clip(&name, NAME).to_owned() }
}

/// The open request with the least time left that nobody holds: of `device`, or of all.
pub fn most_urgent_of(requests: &Requests, device: Option<SessionId>) -> Option<&Request> {
    let Some(device) = device else { return requests.most_urgent().1 };
    let mut open = requests.by_urgency().take_while(|request| request.state == RequestState::Open);
    open.find(|request| request.session == device && !request.held)
}

/// What speaks against an answer at `now`, as an end of the sentence that begins with the request's name; empty: nothing does.
/// `under_way` says that an answer has been handed over and has not gone yet.
pub fn objections(request: &Request, irregular: Irregular, under_way: bool, now: Instant) -> String {
    let mut parts = Vec::new();
    if irregular.second {
        let by = request.by.as_deref().map(|by| format!(" by {by}")).unwrap_or_default();
        parts.push(match request.state {
            RequestState::Answered(took) | RequestState::Late(took) => {
                let ago = now.saturating_duration_since(request.came).saturating_sub(took);
                format!("was answered {} ago{by}", words::took(ago))
            }
            _ if under_way => "is being answered".to_owned(),
            _ => format!("was answered{by}"),
        });
    }
    if irregular.late {
        parts.push(format!("ran out {} ago", words::took(now.saturating_duration_since(request.deadline))));
    }
    if irregular.moved {
        parts.push("came over an earlier connection".to_owned());
    }
    parts.join(" and ")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::event::What;

    fn request(state: RequestState, by: Option<&str>) -> Request {
        let came = Instant::now();
        Request {
            seq: 1,
            session: SessionId(0),
            what: What::Command,
            request_id: "c1".to_owned(),
            topic: "t".to_owned(),
            payload: Vec::new(),
            came,
            deadline: came + Duration::from_secs(20),
            state,
            connection: 1,
            answers: 0,
            answer: None,
            by: by.map(Into::into),
            held: false,
        }
    }

    #[test]
    fn what_speaks_against_an_answer_is_told_with_its_time() {
        let (none, half) = (Irregular::default(), Duration::from_millis(500));
        let late = Irregular { late: true, ..none };
        let second = Irregular { second: true, ..none };
        for (state, by, irregular, under_way, after, told) in [
            (RequestState::Open, None, none, false, 1, ""),
            (RequestState::Expired, None, late, false, 24, "ran out 4.0 s ago"),
            (RequestState::Answered(half), None, second, false, 3, "was answered 2.5 s ago"),
            (RequestState::Answered(half), Some("rule r"), second, false, 3, "was answered 2.5 s ago by rule r"),
            (RequestState::Open, None, second, true, 3, "is being answered"),
            (RequestState::Ignored, Some("rule r"), second, false, 3, "was answered by rule r"),
            (RequestState::Open, None, Irregular { moved: true, ..none }, false, 1, "came over an earlier connection"),
            (
                RequestState::Late(Duration::from_secs(22)),
                None,
                Irregular { late: true, second: true, moved: true },
                false,
                25,
                "was answered 3.0 s ago and ran out 5.0 s ago and came over an earlier connection",
            ),
        ] {
            let request = request(state, by);
            let now = request.came + Duration::from_secs(after);
            assert_eq!(objections(&request, irregular, under_way, now), told);
        }
    }
}
