// Package steps is how a client program speaks with the test that drives it: JSON, a line a step.
package steps

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

// Settings are the first line that the test sends.
type Settings struct {
	Issuer       string `json:"issuer"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	RedirectURI  string `json:"redirect_uri"`
	SignedOutURI string `json:"signed_out_uri"`
	// Key is a private key as PEM, KeyID its name, KeyFile both in ZITADEL's file format.
	Key     string `json:"key"`
	KeyID   string `json:"key_id"`
	KeyFile string `json:"key_file"`
	// UserID and ActorToken are for the token exchange, Token for introspection.
	UserID     string `json:"user_id"`
	ActorToken string `json:"actor_token"`
	Token      string `json:"token"`
}

// Fields are what a step tells beside its name.
type Fields map[string]any

var lines = bufio.NewReader(os.Stdin)

func listen(into any) {
	line, err := lines.ReadBytes('\n')
	Check("listen", err)
	Check("listen", json.Unmarshal(line, into))
}

// Say tells that a step succeeded.
func Say(step string, fields Fields) {
	line := Fields{"step": step}
	for name, value := range fields {
		line[name] = value
	}
	text, err := json.Marshal(line)
	Check(step, err)
	fmt.Println(string(text))
}

// Visit asks the test to open a URL in a person's browser; it gives the URL that this led to.
func Visit(url string) string {
	Say("visit", Fields{"url": url})
	var answer struct {
		URL string `json:"url"`
	}
	listen(&answer)
	return answer.URL
}

// Check ends the program if a step failed that had to succeed.
func Check(at string, err error) {
	if err != nil {
		text, _ := json.Marshal(Fields{"step": "failed", "at": at, "error": err.Error()})
		fmt.Println(string(text))
		os.Exit(1)
	}
}

// Refused tells the error of a step that had to fail, and ends the program if it succeeded.
func Refused(what string, err error) {
	if err == nil {
		Check(what, fmt.Errorf("%s was accepted", what))
	}
	Say("refused", Fields{"what": what, "error": err.Error()})
}

// Run reads the settings and runs the feature that the command line names.
func Run(features map[string]func(Settings)) {
	feature, known := features[os.Args[1]]
	if !known {
		Check("run", fmt.Errorf("no feature %q", os.Args[1]))
	}
	var settings Settings
	listen(&settings)
	feature(settings)
	Say("done", nil)
}
