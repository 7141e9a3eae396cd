//! From words to expressions.

use serde_json::Value;

use super::expression::{Clock, Expression, Filter, Path, Root, Source, Step};
use super::lexer::{Lexer, Token, fault};
use super::{Fault, LONGEST, Part, RequestPart};

/// Brackets within brackets.
const DEEPEST: usize = 16;

/// Steps of one path, filters of one value, choices of one `random`.
const MOST: usize = 64;

const SOURCES: &str = "request, property, counter, random, now, vars, or a value such as \"text\" or 1";
const PARTS: &str = "request.input, request.id, request.name, request.service, request.target or request.topic";
const FILTERS: &str = "default(x), add(n), mul(n), round(n), number, text or json";

/// Reads a whole template.
pub(super) fn template(text: &str) -> Result<Vec<Part>, Fault> {
    if text.len() > LONGEST {
        return Err(fault(0, format!("the template is longer than {} KiB", LONGEST >> 10)));
    }
    let mut parts = Vec::new();
    let mut from = 0;
    while let Some(rest) = text.get(from..).filter(|rest| !rest.is_empty()) {
        let open = rest.find("{{");
        let (plain, _) = rest.split_at(open.unwrap_or(rest.len()));
        if !plain.is_empty() {
            parts.push(Part::Text(plain.to_owned()));
        }
        let Some(open) = open else { break };
        let mut parser = Parser::new(text, from + open + 2)?;
        let expression = parser.expression(0)?;
        parser.close()?;
        parts.push(Part::Hole(expression));
        from = parser.lexer.at();
    }
    Ok(parts)
}

struct Parser<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    /// The next word, and where it starts.
    next: (usize, Token),
    /// Where the last word taken ended.
    end: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, at: usize) -> Result<Self, Fault> {
        let mut lexer = Lexer::new(text, at);
        let next = lexer.next()?;
        Ok(Self { text, lexer, next, end: at })
    }

    /// Takes the next word; the hole's end stays, for what is behind it is another's.
    fn take(&mut self) -> Result<(usize, Token), Fault> {
        if self.next.1 == Token::Close {
            return Ok(self.next.clone());
        }
        self.end = self.lexer.at();
        let following = self.lexer.next()?;
        Ok(std::mem::replace(&mut self.next, following))
    }

    /// The hole's end; nothing is read behind it.
    fn close(&self) -> Result<(), Fault> {
        match &self.next {
            (_, Token::Close) => Ok(()),
            (at, _) => Err(fault(*at, "a filter with | or the end of the hole, }}, belongs here")),
        }
    }

    fn is(&self, sign: char) -> bool {
        self.next.1 == Token::Sign(sign)
    }

    /// Takes `sign` if it is next.
    fn accept(&mut self, sign: char) -> Result<bool, Fault> {
        let is = self.is(sign);
        if is {
            self.take()?;
        }
        Ok(is)
    }

    fn expect(&mut self, sign: char) -> Result<(), Fault> {
        let at = self.next.0;
        if self.accept(sign)? { Ok(()) } else { Err(fault(at, format!("`{sign}` is missing here"))) }
    }

    fn name(&mut self, wanted: &str) -> Result<(usize, String), Fault> {
        match &self.next {
            (_, Token::Name(_)) => match self.take()? {
                (at, Token::Name(name)) => Ok((at, name)),
                (at, _) => Err(fault(at, format!("{wanted} belongs here"))),
            },
            (at, _) => Err(fault(*at, format!("{wanted} belongs here"))),
        }
    }

    fn expression(&mut self, depth: usize) -> Result<Expression, Fault> {
        if depth > DEEPEST {
            return Err(fault(self.next.0, format!("there are more than {DEEPEST} brackets within each other")));
        }
        let source = self.source(depth)?;
        let mut filters = Vec::new();
        while self.is('|') {
            let (at, _) = self.take()?;
            if filters.len() >= MOST {
                return Err(fault(at, format!("a value has at most {MOST} filters")));
            }
            filters.push(self.filter(depth)?);
        }
        Ok(Expression { source, filters })
    }

    fn source(&mut self, depth: usize) -> Result<Source, Fault> {
        let name = match &self.next {
            (_, Token::Text(_) | Token::Number(_)) => {
                return Ok(Source::Literal(match self.take()?.1 {
                    Token::Text(text) => Value::String(text),
                    Token::Number(number) => Value::Number(number),
                    _ => Value::Null,
                }));
            }
            (_, Token::Name(name)) => name.clone(),
            (at, Token::Close) => return Err(fault(*at, format!("the hole is empty: it needs {SOURCES}"))),
            (at, Token::Sign(_)) => return Err(fault(*at, format!("a value belongs here: {SOURCES}"))),
        };
        let (at, _) = self.take()?;
        Ok(match name.as_str() {
            "true" => Source::Literal(Value::Bool(true)),
            "false" => Source::Literal(Value::Bool(false)),
            "null" => Source::Literal(Value::Null),
            "request" => Source::Path(self.request(at)?),
            "property" => {
                Source::Path(self.named(at, Root::Property, "property.level or property[\"service/name\"]")?)
            }
            "vars" => Source::Path(self.named(at, Root::Variable, "vars.name")?),
            "counter" => Source::Counter(self.counter()?),
            "random" => self.random(at, depth)?,
            "now" => Source::Now(self.now()?),
            other => return Err(fault(at, format!("`{other}` is not known: there are {SOURCES}"))),
        })
    }

    fn request(&mut self, start: usize) -> Result<Path, Fault> {
        if !self.accept('.')? {
            return Err(fault(self.next.0, format!("`request` alone is no value: there are {PARTS}")));
        }
        let (at, name) = self.name(PARTS)?;
        let part = match name.as_str() {
            "input" => RequestPart::Input,
            "id" => RequestPart::Id,
            "name" => RequestPart::Name,
            "service" => RequestPart::Service,
            "target" => RequestPart::Target,
            "topic" => RequestPart::Topic,
            other => return Err(fault(at, format!("`request.{other}` is not known: there are {PARTS}"))),
        };
        self.path(start, Root::Request(part))
    }

    /// A root whose first step is a name of its own.
    fn named(&mut self, start: usize, root: fn(String) -> Root, example: &str) -> Result<Path, Fault> {
        let at = self.next.0;
        match self.step()? {
            Some(Step::Member(name)) => self.path(start, root(name)),
            _ => Err(fault(at, format!("a name belongs here: {example}"))),
        }
    }

    fn path(&mut self, start: usize, root: Root) -> Result<Path, Fault> {
        let mut steps = Vec::new();
        while let Some(step) = self.step()? {
            if steps.len() >= MOST {
                return Err(fault(self.end, format!("a path has at most {MOST} steps")));
            }
            steps.push(step);
        }
        let written = self.text.get(start..self.end).unwrap_or_default().to_owned();
        Ok(Path { root, steps, written })
    }

    /// `.name`, `["name"]` or `[0]`, if one of them is next.
    fn step(&mut self) -> Result<Option<Step>, Fault> {
        if self.accept('.')? {
            // Names of members may be digits alone.
            if let (_, Token::Number(number)) = &self.next {
                let name = number.to_string();
                self.take()?;
                return Ok(Some(Step::Member(name)));
            }
            return Ok(Some(Step::Member(self.name("a name")?.1)));
        }
        if !self.accept('[')? {
            return Ok(None);
        }
        let (at, token) = self.take()?;
        let step = match token {
            Token::Text(name) => Some(Step::Member(name)),
            Token::Number(number) => number.as_u64().and_then(|item| usize::try_from(item).ok()).map(Step::Item),
            _ => None,
        };
        let step = step.ok_or_else(|| fault(at, "a name in quotes or a place, counted from 0, belongs here"))?;
        self.expect(']')?;
        Ok(Some(step))
    }

    fn counter(&mut self) -> Result<Option<String>, Fault> {
        if !self.accept('(')? {
            return Ok(None);
        }
        let (at, token) = self.take()?;
        let Token::Text(name) = token else { return Err(fault(at, "the counter's name in quotes belongs here")) };
        self.expect(')')?;
        Ok(Some(name))
    }

    fn random(&mut self, start: usize, depth: usize) -> Result<Source, Fault> {
        self.expect('(')?;
        let mut choices = vec![self.expression(depth + 1)?];
        while self.accept(',')? {
            if choices.len() >= MOST {
                return Err(fault(self.next.0, format!("random has at most {MOST} values")));
            }
            choices.push(self.expression(depth + 1)?);
        }
        self.expect(')')?;
        match choices.as_slice() {
            [_] => Err(fault(start, "random needs two values: the ends of a range, or what to choose from")),
            [low, high] if is_turned(low, high) => Err(fault(start, "the range of random ends before it starts")),
            _ => Ok(Source::Random(choices)),
        }
    }

    fn now(&mut self) -> Result<Clock, Fault> {
        const FORMS: &str = "now, now.ms, now.s or now.compact";
        if !self.accept('.')? {
            return Ok(Clock::Rfc3339);
        }
        let (at, name) = self.name(FORMS)?;
        match name.as_str() {
            "ms" => Ok(Clock::Millis),
            "s" => Ok(Clock::Seconds),
            "compact" => Ok(Clock::Compact),
            other => Err(fault(at, format!("`now.{other}` is not known: there are {FORMS}"))),
        }
    }

    fn filter(&mut self, depth: usize) -> Result<Filter, Fault> {
        let (at, name) = self.name(FILTERS)?;
        Ok(match name.as_str() {
            "default" => Filter::Default(self.argument(depth)?),
            "add" => Filter::Add(self.argument(depth)?),
            "mul" => Filter::Mul(self.argument(depth)?),
            "round" => Filter::Round(self.places()?),
            "number" => Filter::Number,
            "text" => Filter::Text,
            "json" => Filter::Json,
            other => return Err(fault(at, format!("there is no filter `{other}`: there are {FILTERS}"))),
        })
    }

    fn argument(&mut self, depth: usize) -> Result<Box<Expression>, Fault> {
        self.expect('(')?;
        let argument = self.expression(depth + 1)?;
        self.expect(')')?;
        Ok(Box::new(argument))
    }

    fn places(&mut self) -> Result<u8, Fault> {
        // A double has no more decimals.
        const PLACES: u64 = 15;
        if !self.accept('(')? {
            return Ok(0);
        }
        let (at, token) = self.take()?;
        let places = match token {
            Token::Number(number) => number.as_u64().filter(|places| *places <= PLACES),
            _ => None,
        };
        let places = places.and_then(|places| u8::try_from(places).ok());
        let places = places.ok_or_else(|| fault(at, format!("round takes a number of decimals from 0 to {PLACES}")))?;
        self.expect(')')?;
        Ok(places)
    }
}

/// Whether both ends of a range are known and stand the wrong way round.
fn is_turned(low: &Expression, high: &Expression) -> bool {
    let number = |of: &Expression| match of {
        Expression { source: Source::Literal(value), filters } if filters.is_empty() => value.as_f64(),
        _ => None,
    };
    matches!((number(low), number(high)), (Some(low), Some(high)) if low > high)
}
