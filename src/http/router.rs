//! Which rule of a table a request is for.

use hyper::Method;

use super::path::{Path, fits_a_parameter};

/// A table of rules, ordered once so that the first that fits is the most exact one.
#[derive(Debug)]
pub struct Router<E> {
    rules: Vec<Rule<E>>,
}

#[derive(Debug)]
struct Rule<E> {
    method: Method,
    pattern: &'static str,
    segments: Vec<Segment>,
    endpoint: E,
}

#[derive(Debug, PartialEq, Eq)]
enum Segment {
    Text(&'static str),
    Parameter(&'static str),
}

/// What [`Router::find`] found.
#[derive(Debug)]
pub struct Found<'a, E> {
    /// What the table says.
    pub endpoint: &'a E,
    /// The rule's path as written in the table. Fit for logs, unlike the path itself, which may hold an invite code.
    pub pattern: &'static str,
    /// The values of its `:name` segments.
    pub parameters: Parameters,
}

/// The values of `:name` segments, decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(&'static str, String)>);

impl Parameters {
    /// The value of `:name`; empty when the rule has no such segment.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }
}

impl<E> Router<E> {
    /// Takes a table of (method, pattern, endpoint). In a pattern a segment that begins with `:` stands for any text of
    /// at most 100 characters; literal segments win over it.
    #[must_use]
    pub fn new(table: impl IntoIterator<Item = (Method, &'static str, E)>) -> Self {
        let mut rules: Vec<_> = table
            .into_iter()
            .map(|(method, pattern, endpoint)| Rule { method, pattern, segments: compile(pattern), endpoint })
            .collect();
        rules.sort_by_key(|rule| rule.segments.iter().map(|s| matches!(s, Segment::Parameter(_))).collect::<Vec<_>>());
        Self { rules }
    }

    /// The rule for a request; HEAD is served by the rule for GET.
    #[must_use]
    pub fn find(&self, method: &Method, path: &Path) -> Option<Found<'_, E>> {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        self.rules.iter().filter(|rule| rule.method == *method).find_map(|rule| {
            let parameters = rule.matches(path.segments())?;
            Some(Found { endpoint: &rule.endpoint, pattern: rule.pattern, parameters })
        })
    }
}

impl<E> Rule<E> {
    fn matches(&self, path: &[String]) -> Option<Parameters> {
        if path.len() != self.segments.len() {
            return None;
        }
        let mut values = Vec::new();
        for (segment, text) in self.segments.iter().zip(path) {
            match segment {
                Segment::Text(literal) if literal == text => {}
                Segment::Parameter(name) if fits_a_parameter(text) => values.push((*name, text.clone())),
                _ => return None,
            }
        }
        Some(Parameters(values))
    }
}

fn compile(pattern: &'static str) -> Vec<Segment> {
    let rest = pattern.strip_prefix('/').unwrap_or(pattern);
    rest.split('/')
        .map(|segment| segment.strip_prefix(':').map_or(Segment::Text(segment), Segment::Parameter))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn router() -> Router<u8> {
        Router::new([
            (Method::GET, "/api/v1/user/:userId", 1),
            (Method::GET, "/api/v1/user/dev-environment", 2),
            (Method::DELETE, "/api/v1/user/:userId", 3),
            (Method::POST, "/api/v1/report/:reportId/share/:userId", 4),
            (Method::GET, "/health-check", 5),
        ])
    }

    fn find(method: Method, path: &str) -> Option<(u8, Parameters)> {
        let router = router();
        let found = router.find(&method, &Path::parse(path).unwrap())?;
        Some((*found.endpoint, found.parameters))
    }

    #[test]
    fn literal_segments_win_and_methods_have_their_own_rules() {
        assert_eq!(find(Method::GET, "/api/v1/user/dev-environment").unwrap().0, 2);
        assert_eq!(find(Method::GET, "/api/v1/user/x").unwrap().0, 1);
        let (endpoint, parameters) = find(Method::DELETE, "/api/v1/user/dev-environment").unwrap();
        assert_eq!((endpoint, parameters.get("userId")), (3, "dev-environment"));
    }

    #[test]
    fn parameters_are_decoded_and_may_be_empty() {
        let (_, parameters) = find(Method::POST, "/api/v1/report/a%2Fb/share/c%20d").unwrap();
        assert_eq!((parameters.get("reportId"), parameters.get("userId")), ("a/b", "c d"));
        assert_eq!(find(Method::GET, "/api/v1/user/").unwrap().1.get("userId"), "");
    }

    #[test]
    fn parameters_of_more_than_100_characters_never_match() {
        assert!(find(Method::GET, &format!("/api/v1/user/{}", "ü".repeat(100).replace('ü', "%C3%BC"))).is_some());
        assert!(find(Method::GET, &format!("/api/v1/user/{}", "x".repeat(101))).is_none());
    }

    #[test]
    fn slashes_and_case_are_exact() {
        for path in ["/health-check/", "//health-check", "/Health-check", "/api/v1/user", "/api%2Fv1/user/x"] {
            assert!(find(Method::GET, path).is_none(), "{path}");
        }
        assert_eq!(find(Method::HEAD, "/%68ealth-check").unwrap().0, 5);
        assert!(find(Method::POST, "/health-check").is_none());
    }
}
