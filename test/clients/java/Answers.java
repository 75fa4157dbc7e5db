import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * The rows and the answers that are expected. The rows are those that every program of
 * test/clients has, see ../README.md.
 */
final class Answers {
	static final int ROWS = 100;
	static final int NEAREST = 5;

	private Answers() {
	}

	/** A row of an answer. */
	record Near(long id, double distance) {
	}

	/** Distance of two vectors; bit strings are vectors of 0 and 1. */
	interface Distance {
		double of(float[] a, float[] b);
	}

	/** A column: its operators, the values of its rows, and the query. */
	record Column(String name, List<String> operators, IntFunction<float[]> value, float[] query) {
	}

	static float[] vector(int i) {
		return new float[] {i, i % 7 + 0.25f, -i / 2f};
	}

	static float[] halfvec(int i) {
		return new float[] {i % 5, i / 4f, 1.5f - i % 3};
	}

	static float[] sparse(int i) {
		return new float[] {i, 0, 0, -(i % 4), 0, 0.5f};
	}

	static float[] bits(int i) {
		float[] bits = new float[8];
		for (int n = 0; n < 8; n++)
			bits[n] = i >> (7 - n) & 1;
		return bits;
	}

	static String bitString(float[] bits) {
		StringBuilder string = new StringBuilder();
		for (float bit : bits)
			string.append((int) bit);
		return string.toString();
	}

	static final List<Column> COLUMNS = List.of(
			new Column("v", List.of("<->", "<#>", "<=>", "<+>"), Answers::vector, new float[] {3, 1, -2}),
			new Column("h", List.of("<->", "<#>", "<=>", "<+>"), Answers::halfvec, new float[] {1, 2.5f, -1}),
			new Column("b", List.of("<~>", "<%>"), Answers::bits, new float[] {0, 0, 1, 1, 0, 1, 0, 1}),
			new Column("s", List.of("<->", "<#>", "<=>", "<+>"), Answers::sparse, new float[] {2, 0, 0, -1, 1, 0}));

	private static double product(float[] a, float[] b) {
		double sum = 0;
		for (int n = 0; n < a.length; n++)
			sum += (double) a[n] * b[n];
		return sum;
	}

	/** Sum of the differences' absolute values to the power of 1 or 2. */
	private static double differences(float[] a, float[] b, int power) {
		double sum = 0;
		for (int n = 0; n < a.length; n++)
			sum += Math.pow(Math.abs((double) a[n] - b[n]), power);
		return sum;
	}

	private static final Map<String, Distance> DISTANCES = Map.of(
			"<->", (a, b) -> Math.sqrt(differences(a, b, 2)),
			"<#>", (a, b) -> -product(a, b),
			"<=>", (a, b) -> 1 - product(a, b) / Math.sqrt(product(a, a) * product(b, b)),
			"<+>", (a, b) -> differences(a, b, 1),
			"<~>", (a, b) -> differences(a, b, 1),
			"<%>", (a, b) -> 1 - product(a, b) / (product(a, b) + differences(a, b, 1)));

	/** The answers with rounded distances, so that ties are ties, by distance and id. */
	static List<Near> inOrder(List<Near> answers) {
		return answers.stream().map(a -> new Near(a.id, Math.round(a.distance * 10000) / 10000.0))
				.sorted(Comparator.comparingDouble(Near::distance).thenComparingLong(Near::id)).toList();
	}

	/** What a search in the column is to answer. */
	static List<Near> nearest(Column column, String operator) {
		List<Near> answers = new ArrayList<>();
		for (int i = 1; i <= ROWS; i++)
			answers.add(new Near(i, DISTANCES.get(operator).of(column.value.apply(i), column.query)));
		return inOrder(answers).subList(0, NEAREST);
	}

	/** True if ids are equal, and distances but for single precision. */
	static boolean same(List<Near> got, List<Near> wanted) {
		boolean good = got.size() == wanted.size();
		for (int n = 0; good && n < got.size(); n++)
			good = got.get(n).id == wanted.get(n).id
					&& Math.abs(got.get(n).distance - wanted.get(n).distance) <= 1.0001e-4;
		return good;
	}
}
