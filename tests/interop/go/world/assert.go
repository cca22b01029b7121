package world

import (
	"fmt"
	"strings"
)

// Check panics if there is an error.
func Check(err error) {
	if err != nil {
		panic(err)
	}
}

// Must is the value of a call that had to succeed.
func Must[T any](value T, err error) T {
	Check(err)
	return value
}

// Equal panics if the two are not.
func Equal[T comparable](found, expected T) {
	if found != expected {
		panic(fmt.Sprintf("%v instead of %v", found, expected))
	}
}

// Refused panics unless the call failed for a reason that its error names.
func Refused[T any](_ T, err error) func(reason string) {
	return func(reason string) {
		if err == nil {
			panic("accepted, instead of " + reason)
		}
		if !strings.Contains(err.Error(), reason) {
			panic(fmt.Sprintf("%v, instead of %s", err, reason))
		}
	}
}

// Tampered is the JWT with another signature of the same length.
func Tampered(token string) string {
	bytes := []byte(token)
	middle := strings.LastIndex(token, ".") + 20
	if bytes[middle] == 'A' {
		bytes[middle] = 'B'
	} else {
		bytes[middle] = 'A'
	}
	return string(bytes)
}
