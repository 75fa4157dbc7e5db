import com.pgvector.PGbit;
import com.pgvector.PGhalfvec;
import com.pgvector.PGsparsevec;
import com.pgvector.PGvector;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.StringReader;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.postgresql.Driver;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;
import org.postgresql.util.PGobject;
import org.postgresql.util.PSQLException;

/**
 * JDBC with pgvector's classes: parameters and results as text and in binary (prepareThreshold
 * decides), batches and COPY.
 */
public final class Client {
	private static boolean failed;
	private static String program;

	private Client() {
	}

	private static void ok(boolean good, String what, Object got, Object wanted) {
		System.out.println((good ? "ok - " : "not ok - ") + program + ": " + what);
		if (!good) {
			failed = true;
			System.out.println("# got " + got + ", expected " + wanted);
		}
	}

	private static void same(Object got, Object wanted, String what) {
		ok(got.equals(wanted), what, got, wanted);
	}

	/** Connects; in "binary" every statement is prepared, and values go in binary where they can. */
	private static Connection connect(boolean binary) throws SQLException {
		Connection connection = DriverManager.getConnection(
				"jdbc:postgresql://127.0.0.1:" + System.getenv("VDB_CLIENT_PORT") + "/" + System.getenv("PGDATABASE")
						+ "?sslmode=disable&prepareThreshold=" + (binary ? -1 : 0),
				System.getenv("PGUSER"), System.getenv("VDB_CLIENT_PASSWORD"));
		return connection;
	}

	private static PGobject value(String column, float[] elements) throws SQLException {
		return switch (column) {
			case "v" -> new PGvector(elements);
			case "h" -> new PGhalfvec(elements);
			case "b" -> new PGbit(Answers.bitString(elements));
			default -> new PGsparsevec(elements);
		};
	}

	/** Row i as the classes write it. */
	private static List<String> row(int i) throws SQLException {
		List<String> values = new ArrayList<>();
		for (Answers.Column column : Answers.COLUMNS)
			values.add(value(column.name(), column.value().apply(i)).getValue());
		return values;
	}

	/** Reads a table through the classes. */
	private static List<List<String>> rows(Connection connection, String table) throws SQLException {
		List<List<String>> rows = new ArrayList<>();
		try (PreparedStatement select = connection.prepareStatement("SELECT v, h, b::text, s FROM " + table + " ORDER BY id");
				ResultSet result = select.executeQuery()) {
			while (result.next())
				rows.add(List.of(new PGvector(((PGvector) result.getObject(1)).toArray()).getValue(),
						new PGhalfvec(((PGhalfvec) result.getObject(2)).toArray()).getValue(), result.getString(3),
						new PGsparsevec(((PGsparsevec) result.getObject(4)).toArray()).getValue()));
		}
		return rows;
	}

	private static void insert(Connection connection, int first, int last) throws SQLException {
		try (PreparedStatement insert = connection.prepareStatement("INSERT INTO items VALUES (?, ?, ?, ?, ?)")) {
			for (int i = first; i <= last; i++) {
				insert.setLong(1, i);
				for (int n = 0; n < 4; n++) {
					Answers.Column column = Answers.COLUMNS.get(n);
					insert.setObject(n + 2, value(column.name(), column.value().apply(i)));
				}
				insert.addBatch();
			}
			insert.executeBatch();
		}
	}

	private static List<Answers.Near> search(Connection connection, String sql, PGobject query, int times)
			throws SQLException {
		List<Answers.Near> answers = new ArrayList<>();
		try (PreparedStatement select = connection.prepareStatement(sql)) {
			for (int n = 1; n <= times; n++)
				select.setObject(n, query);
			try (ResultSet result = select.executeQuery()) {
				while (result.next())
					answers.add(new Answers.Near(result.getLong(1), result.getDouble(2)));
			}
		}
		return Answers.inOrder(answers);
	}

	private static void answers(List<Answers.Near> got, List<Answers.Near> wanted, String what) {
		ok(Answers.same(got, wanted), what, got, wanted);
	}

	public static void main(String[] arguments) throws Exception {
		program = "JDBC " + Driver.class.getPackage().getImplementationVersion();
		Connection text = connect(false);
		Statement statement = text.createStatement();
		statement.execute("CREATE EXTENSION IF NOT EXISTS vector");
		Connection binary = connect(true);
		for (Connection connection : List.of(text, binary)) {
			PGvector.registerTypes(connection);
			PGbit.registerType(connection);
		}
		statement.execute("CREATE TABLE items (id bigint PRIMARY KEY, v vector(3), h halfvec(3), b bit(8), s sparsevec(6))");
		List<List<String>> expected = new ArrayList<>();
		for (int i = 1; i <= Answers.ROWS; i++)
			expected.add(row(i));

		insert(text, 1, Answers.ROWS / 2);
		insert(binary, Answers.ROWS / 2 + 1, Answers.ROWS);
		same(rows(text, "items"), expected, "rows inserted, read as text");
		same(rows(binary, "items"), expected, "rows inserted, read in binary");

		CopyManager copy = text.unwrap(PGConnection.class).getCopyAPI();
		StringBuilder lines = new StringBuilder();
		for (int i = 1; i <= Answers.ROWS; i++)
			lines.append(i).append('\t').append(String.join("\t", row(i))).append('\n');
		statement.execute("CREATE TABLE copied (LIKE items)");
		copy.copyIn("COPY copied FROM STDIN", new StringReader(lines.toString()));
		same(rows(binary, "copied"), expected, "COPY FROM as text");
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		copy.copyOut("COPY copied TO STDOUT (FORMAT binary)", bytes);
		statement.execute("TRUNCATE copied");
		copy.copyIn("COPY copied FROM STDIN (FORMAT binary)", new ByteArrayInputStream(bytes.toByteArray()));
		same(rows(text, "copied"), expected, "COPY in binary, out and in");

		for (Answers.Column column : Answers.COLUMNS) {
			for (String operator : column.operators()) {
				// "?" is a parameter; no operator has one
				String sql = String.format("SELECT id, round((%s %s ?)::numeric, 4) FROM items ORDER BY 2, 1 LIMIT %d",
						column.name(), operator, Answers.NEAREST);
				answers(search(binary, sql, value(column.name(), column.query()), 1), Answers.nearest(column, operator),
						column.name() + " " + operator);
			}
		}

		statement.execute("CREATE INDEX ON items USING hnsw (v vector_l2_ops) WITH (m = 16, ef_construction = 64)");
		statement.execute("CREATE INDEX ON items USING ivfflat (h halfvec_l2_ops) WITH (lists = 1)");
		binary.setAutoCommit(false);
		try (Statement set = binary.createStatement()) {
			set.execute("SET LOCAL enable_seqscan = off");
			set.execute("SET LOCAL hnsw.ef_search = 100");
			set.execute("SET LOCAL ivfflat.probes = 1");
		}
		for (int n = 0; n < 2; n++) {
			Answers.Column column = Answers.COLUMNS.get(n);
			String sql = String.format("SELECT id, %1$s <-> ? FROM items ORDER BY %1$s <-> ? LIMIT %2$d", column.name(),
					Answers.NEAREST);
			answers(search(binary, sql, value(column.name(), column.query()), 2), Answers.nearest(column, "<->"),
					"nearest rows through " + (n == 0 ? "hnsw" : "ivfflat"));
		}
		try (Statement explain = binary.createStatement();
				ResultSet plan = explain.executeQuery("EXPLAIN SELECT id FROM items ORDER BY v <-> '[3,1,-2]' LIMIT 5")) {
			plan.next();
			plan.next();
			ok(plan.getString(1).contains("Index Scan using items_v_idx"), "the plan uses hnsw", plan.getString(1), "");
		}
		binary.commit();
		try {
			statement.execute("INSERT INTO items VALUES (0, '[1,2]')");
			ok(false, "a vector of other dimensions is refused", "none", "an error");
		} catch (PSQLException error) {
			same(error.getSQLState() + " " + error.getServerErrorMessage().getMessage(),
					"22000 expected 3 dimensions, not 2", "a vector of other dimensions is refused");
		}
		text.close();
		binary.close();
		System.exit(failed ? 1 : 0);
	}
}
