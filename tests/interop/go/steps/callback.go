package steps

import (
	"errors"
	"net/url"
)

// Code is the authorization code in the URL that a browser was led back with. State and issuer
// (RFC 9207) have to be those of the request.
func Code(back, state, issuer string) string {
	parsed, err := url.Parse(back)
	Check("callback", err)
	query := parsed.Query()
	if query.Get("error") != "" {
		Check("callback", errors.New(query.Get("error")+": "+query.Get("error_description")))
	}
	if query.Get("state") != state || query.Get("iss") != issuer {
		Check("callback", errors.New("the answer is another request's: "+back))
	}
	return query.Get("code")
}

// Tampered is a token with one character of its signature changed.
func Tampered(token string) string {
	bytes := []byte(token)
	place := len(bytes) - 10
	if bytes[place] == 'A' {
		bytes[place] = 'B'
	} else {
		bytes[place] = 'A'
	}
	return string(bytes)
}
