"""What the area `projects` adds to the database."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """The life of projects, reported needs and the tree of goals."""

    dependencies = [("web", "0003_underlag")]
    operations = [
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project_id', models.CharField(blank=True, max_length=200)),
                ('name', models.CharField(max_length=120)),
                ('kind', models.CharField(max_length=8)),
                ('size', models.PositiveIntegerField()),
                ('checksum', models.CharField(max_length=64)),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='Vad filen är')),
                ('uploaded_by_name', models.CharField(blank=True, max_length=150)),
                ('uploaded_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('removed_at', models.DateTimeField(blank=True, null=True)),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attachments', to='web.municipality')),
                ('uploaded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-uploaded_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project_id', models.CharField(max_length=200)),
                ('gate', models.CharField(blank=True, max_length=2, verbose_name='Skede')),
                ('body', models.CharField(max_length=120, verbose_name='Vem som beslutade')),
                ('date', models.DateField(verbose_name='Datum')),
                ('paragraph', models.CharField(blank=True, max_length=20, verbose_name='Paragraf')),
                ('diary_number', models.CharField(blank=True, max_length=60, verbose_name='Diarienummer')),
                ('amount_tkr', models.FloatField(blank=True, null=True, verbose_name='Beslutad totalutgift, tkr')),
                ('price_level', models.CharField(blank=True, max_length=60, verbose_name='Prisnivå')),
                ('text', models.TextField(blank=True, verbose_name='Beslutet')),
                ('registered_by_name', models.CharField(blank=True, max_length=150)),
                ('registered_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('attachment', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='web.attachment')),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='project_decisions', to='web.municipality')),
                ('registered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('replaces', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaced_by', to='web.decision')),
            ],
            options={
                'ordering': ['-date', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='Estimate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project_id', models.CharField(max_length=200)),
                ('alternative_id', models.CharField(blank=True, max_length=200, verbose_name='Alternativ')),
                ('date', models.DateField(verbose_name='Datum')),
                ('estimate_class', models.CharField(choices=[('schablon', 'schablon'), ('forstudie', 'förstudie'), ('program', 'program'), ('projektering', 'projektering'), ('anbud', 'anbud'), ('kontrakt', 'kontrakt'), ('slutkostnad', 'slutkostnad')], max_length=12, verbose_name='Kalkylklass')),
                ('covers', models.CharField(choices=[('total', 'hela projektet'), ('kvar', 'det som återstår utöver vad som är använt')], default='total', max_length=8, verbose_name='Beloppet gäller')),
                ('amount_tkr', models.FloatField(verbose_name='Belopp, tkr')),
                ('spent_tkr', models.FloatField(default=0)),
                ('price_level', models.CharField(max_length=60, verbose_name='Prisnivå')),
                ('spread_share', models.FloatField(blank=True, null=True, verbose_name='Osäkerhet, ± procent')),
                ('parts', models.JSONField(default=list)),
                ('note', models.TextField(blank=True, verbose_name='Vad som har ändrats')),
                ('source', models.CharField(blank=True, max_length=300, verbose_name='Källa')),
                ('recorded_by_name', models.CharField(blank=True, max_length=150)),
                ('recorded_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='estimates', to='web.municipality')),
                ('recorded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-date', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='GateStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project_id', models.CharField(max_length=200)),
                ('gate_from', models.CharField(blank=True, max_length=20)),
                ('gate_to', models.CharField(max_length=20)),
                ('missing', models.JSONField(default=list)),
                ('reason', models.TextField(blank=True)),
                ('by_name', models.CharField(blank=True, max_length=150)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('decision', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='gate_steps', to='web.decision')),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='gate_steps', to='web.municipality')),
            ],
            options={
                'ordering': ['-at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='NeedReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('what', models.CharField(max_length=200)),
                ('where', models.CharField(max_length=200)),
                ('when', models.CharField(max_length=120)),
                ('why', models.TextField()),
                ('reporter_name', models.CharField(max_length=150)),
                ('reporter_group', models.CharField(blank=True, max_length=80)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('state', models.CharField(choices=[('mottagen', 'Mottagen'), ('bedoms', 'Bedöms'), ('projekt', 'Blev ett projekt'), ('inte_nu', 'Inte nu')], default='mottagen', max_length=10)),
                ('project_id', models.CharField(blank=True, max_length=200)),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='need_reports', to='web.municipality')),
                ('reporter', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='need_reports', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-number'],
            },
        ),
        migrations.AddField(
            model_name='attachment',
            name='report',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='attachments', to='web.needreport'),
        ),
        migrations.CreateModel(
            name='NeedStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('mottagen', 'Mottagen'), ('bedoms', 'Bedöms'), ('projekt', 'Blev ett projekt'), ('inte_nu', 'Inte nu')], max_length=10)),
                ('text', models.TextField(blank=True)),
                ('project_id', models.CharField(blank=True, max_length=200)),
                ('by_name', models.CharField(blank=True, max_length=150)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('report', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='web.needreport')),
            ],
            options={
                'ordering': ['at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='ProjectFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project_id', models.CharField(max_length=200)),
                ('revision', models.PositiveIntegerField(default=0)),
                ('need', models.TextField(blank=True, verbose_name='Vad behövs')),
                ('users', models.TextField(blank=True, verbose_name='Vilka berörs')),
                ('if_not', models.TextField(blank=True, verbose_name='Om det inte görs')),
                ('if_one_year', models.TextField(blank=True, verbose_name='Om det väntar ett år')),
                ('if_three_years', models.TextField(blank=True, verbose_name='Om det väntar tre år')),
                ('volumes', models.TextField(blank=True, verbose_name='Volymer och lokalprogram')),
                ('plan_status', models.TextField(blank=True, verbose_name='Plats och detaljplan')),
                ('risks', models.TextField(blank=True, verbose_name='Risker och beroenden')),
                ('time_plan', models.TextField(blank=True, verbose_name='Tidplan')),
                ('changes', models.TextField(blank=True, verbose_name='Ändringar under bygget (ÄTA)')),
                ('in_use_date', models.DateField(blank=True, null=True, verbose_name='Taget i bruk')),
                ('outcome', models.TextField(blank=True, verbose_name='Varför utfallet blev som det blev')),
                ('lessons', models.TextField(blank=True, verbose_name='Lärdomar')),
                ('effect', models.TextField(blank=True, verbose_name='Blev behovet mött')),
                ('operating_tkr', models.FloatField(blank=True, null=True, verbose_name='Driftkostnad per år efter bygget, tkr')),
                ('contact', models.CharField(blank=True, max_length=200, verbose_name='Kontaktperson')),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='project_files', to='web.municipality')),
            ],
        ),
        migrations.CreateModel(
            name='ProjectYear',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project_id', models.CharField(max_length=200)),
                ('year', models.PositiveIntegerField(verbose_name='År')),
                ('budget_tkr', models.FloatField(blank=True, null=True, verbose_name='Årets anslag, tkr')),
                ('actual_tkr', models.FloatField(blank=True, null=True, verbose_name='Årets utfall, tkr')),
                ('forecast_tkr', models.FloatField(blank=True, null=True, verbose_name='Årets prognos, tkr')),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='project_years', to='web.municipality')),
            ],
            options={
                'ordering': ['year'],
            },
        ),
        migrations.CreateModel(
            name='VisionNode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('vision', 'Vision'), ('mal', 'Mål'), ('matt', 'Mått')], max_length=8)),
                ('text', models.CharField(max_length=300, verbose_name='Med kommunens egna ord')),
                ('note', models.TextField(blank=True, verbose_name='Förklaring')),
                ('target', models.CharField(blank=True, max_length=120, verbose_name='Målvärde')),
                ('now', models.CharField(blank=True, max_length=120, verbose_name='Läget nu')),
                ('goal_id', models.CharField(blank=True, max_length=200, verbose_name='Ekonomiskt mål')),
                ('position', models.PositiveIntegerField(default=0)),
                ('revision', models.PositiveIntegerField(default=0)),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='vision_nodes', to='web.municipality')),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='children', to='web.visionnode')),
            ],
            options={
                'ordering': ['position', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='VisionLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project_id', models.CharField(max_length=200)),
                ('effect', models.CharField(blank=True, max_length=200, verbose_name='Väntad effekt')),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='links', to='web.visionnode')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='AlternativeNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project_id', models.CharField(max_length=200)),
                ('alternative_id', models.CharField(max_length=200)),
                ('pros', models.TextField(blank=True, verbose_name='Fördelar')),
                ('cons', models.TextField(blank=True, verbose_name='Nackdelar')),
                ('rejected', models.BooleanField(default=False, verbose_name='Bortvalt')),
                ('rejected_why', models.TextField(blank=True, verbose_name='Därför att')),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='web.municipality')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('municipality', 'project_id', 'alternative_id'), name='web_alternative_note_once')],
            },
        ),
        migrations.AddIndex(
            model_name='decision',
            index=models.Index(fields=['municipality', 'project_id'], name='web_decision_project'),
        ),
        migrations.AddIndex(
            model_name='estimate',
            index=models.Index(fields=['municipality', 'project_id'], name='web_estimate_project'),
        ),
        migrations.AddIndex(
            model_name='gatestep',
            index=models.Index(fields=['municipality', 'project_id'], name='web_gate_project'),
        ),
        migrations.AddIndex(
            model_name='needreport',
            index=models.Index(fields=['municipality', 'state'], name='web_need_state'),
        ),
        migrations.AddIndex(
            model_name='needreport',
            index=models.Index(fields=['municipality', 'project_id'], name='web_need_project'),
        ),
        migrations.AddConstraint(
            model_name='needreport',
            constraint=models.UniqueConstraint(fields=('municipality', 'number'), name='web_need_number'),
        ),
        migrations.AddIndex(
            model_name='attachment',
            index=models.Index(fields=['municipality', 'project_id'], name='web_attachment_project'),
        ),
        migrations.AddConstraint(
            model_name='projectfile',
            constraint=models.UniqueConstraint(fields=('municipality', 'project_id'), name='web_project_file_once'),
        ),
        migrations.AddConstraint(
            model_name='projectyear',
            constraint=models.UniqueConstraint(fields=('municipality', 'project_id', 'year'), name='web_project_year_once'),
        ),
        migrations.AddIndex(
            model_name='visionlink',
            index=models.Index(fields=['project_id'], name='web_vision_link_project'),
        ),
        migrations.AddConstraint(
            model_name='visionlink',
            constraint=models.UniqueConstraint(fields=('node', 'project_id'), name='web_vision_link_once'),
        ),
    ]
