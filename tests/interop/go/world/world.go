// Package world is what a client program is told, and the person whom it asks for what a program
// cannot do: JSON, a line each way (see ../../conversation.py).
package world

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
)

// World is the first line.
type World struct {
	Issuer       string
	RedirectURI  string `json:"redirectUri"`
	AfterSignOut string
	API          string
	Sub          string
	Clients      map[string]Client
	Service      Service
}

// Client is a registered application: with a secret, with a key, or public.
type Client struct {
	ID     string
	Secret string
	Key    struct{ PEM, KID, Alg string }
}

// Service is the service account that may act for guests. Key is in ZITADEL's file format.
type Service struct {
	ID  string
	PAT string
	Key json.RawMessage
}

var lines = bufio.NewReader(os.Stdin)

func hear(into any) {
	Check(json.Unmarshal(Must(lines.ReadBytes('\n')), into))
}

func ask(question map[string]string, answer any) {
	fmt.Println(string(Must(json.Marshal(question))))
	hear(answer)
}

// Visit opens a URL in the person's browser, signs in and agrees; it gives where that led.
func (World) Visit(address string) *url.URL {
	var answer struct {
		URL    string
		Status int
	}
	ask(map[string]string{"do": "visit", "url": address}, &answer)
	if answer.URL == "" {
		panic(fmt.Sprintf("the person ended on a page with status %d", answer.Status))
	}
	return Must(url.Parse(answer.URL))
}

// Authorize visits an authorization URL. It gives the code, or the error as an error; state and
// issuer (RFC 9207) have to be those of the request.
func (w World) Authorize(address, state string) (string, error) {
	query := w.Visit(address).Query()
	Equal(query.Get("state"), state)
	Equal(query.Get("iss"), w.Issuer)
	if query.Get("error") != "" {
		return "", fmt.Errorf("%s: %s", query.Get("error"), query.Get("error_description"))
	}
	return query.Get("code"), nil
}

// SignOut visits a logout URL, which has to lead to where the client wants it.
func (w World) SignOut(address, state string) {
	back := w.Visit(address)
	Equal(back.Query().Get("state"), state)
	back.RawQuery = ""
	Equal(back.String(), w.AfterSignOut)
}

// Confirm types a device's code and decides: "allow" or "deny".
func (World) Confirm(code, decision string) {
	var answer struct{ Status int }
	ask(map[string]string{"do": "confirm", "code": code, "decision": decision}, &answer)
}

// Guest makes a guest and gives its `sub`.
func (World) Guest() string {
	var answer struct{ Sub string }
	ask(map[string]string{"do": "guest"}, &answer)
	return answer.Sub
}

// RotateKeys makes the provider sign with keys that nobody has seen yet: the next ones are published
// beforehand, those after them are not.
func (World) RotateKeys() {
	for range 2 {
		ask(map[string]string{"do": "rotate"}, &struct{}{})
	}
}

// Run runs the feature that the command line names. It panics if that fails.
func Run(features map[string]func(World)) {
	var told World
	hear(&told)
	features[os.Args[1]](told)
}
