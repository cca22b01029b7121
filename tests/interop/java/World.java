import com.nimbusds.oauth2.sdk.util.JSONObjectUtils;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.util.Map;
import net.minidev.json.JSONObject;

/**
 * What the program is told, and the person whom it asks for what a program cannot do: JSON, a line
 * each way (see ../conversation.py).
 */
final class World {
    private static final BufferedReader LINES =
            new BufferedReader(new InputStreamReader(System.in));

    /** A registered application: with a secret, with a key, or public. */
    record Client(String id, String secret, String pem, String kid) {}

    /** A call that has to fail. */
    interface Attempt {
        Object make() throws Exception;
    }

    private final JSONObject told;

    private World(JSONObject told) {
        this.told = told;
    }

    static World hear() throws Exception {
        return new World(JSONObjectUtils.parse(LINES.readLine()));
    }

    private static JSONObject ask(Map<String, ?> question) throws Exception {
        System.out.println(new JSONObject(question));
        return JSONObjectUtils.parse(LINES.readLine());
    }

    String text(String name) {
        return (String) told.get(name);
    }

    URI uri(String name) {
        return URI.create(text(name));
    }

    Client client(String kind) throws Exception {
        JSONObject found =
                JSONObjectUtils.getJSONObject(JSONObjectUtils.getJSONObject(told, "clients"), kind);
        JSONObject key = JSONObjectUtils.getJSONObject(found, "key", new JSONObject());
        return new Client(found.getAsString("id"), found.getAsString("secret"),
                key.getAsString("pem"), key.getAsString("kid"));
    }

    /** The service account that may act for guests; `key` is in ZITADEL's file format. */
    JSONObject service() throws Exception {
        return JSONObjectUtils.getJSONObject(told, "service");
    }

    /** Opens a URL in the person's browser, signs in and agrees; where that led. */
    URI visit(URI url) throws Exception {
        JSONObject answer = ask(Map.of("do", "visit", "url", url.toString()));
        if (!answer.containsKey("url"))
            throw new IllegalStateException("the person ended on status=" + answer.get("status"));
        return URI.create(answer.getAsString("url"));
    }

    /** Types a device's code and decides: `allow` or `deny`. */
    void confirm(String code, String decision) throws Exception {
        ask(Map.of("do", "confirm", "code", code, "decision", decision));
    }

    /** A new guest's `sub`. */
    String guest() throws Exception {
        return ask(Map.of("do", "guest")).getAsString("sub");
    }

    /** The provider signs with keys that nobody has seen yet. */
    void rotateKeys() throws Exception {
        ask(Map.of("do", "rotate"));
        ask(Map.of("do", "rotate"));
    }

    static void equal(Object found, Object expected) {
        if (!found.equals(expected))
            throw new AssertionError(found + " instead of " + expected);
    }

    /** The attempt fails for a reason that its error names. */
    static void refused(String reason, Attempt attempt) {
        Object made;
        try {
            made = attempt.make();
        } catch (Exception error) {
            if (String.valueOf(error).contains(reason))
                return;
            throw new AssertionError("not " + reason, error);
        }
        throw new AssertionError("accepted, not " + reason + ": " + made);
    }

    /** The JWT with another signature of the same length. */
    static String tampered(String token) {
        int middle = token.lastIndexOf('.') + 20;
        char other = token.charAt(middle) == 'A' ? 'B' : 'A';
        return token.substring(0, middle) + other + token.substring(middle + 1);
    }
}
